-- name: AddTenant :exec
INSERT INTO tenants (id, name, created_at) VALUES (@id, @name, @created_at);
