-- name: EnsureIncarnation :exec
INSERT INTO incarnation (id, created_at) VALUES (@id, @created_at) ON CONFLICT DO NOTHING;

-- name: Incarnation :one
SELECT id FROM incarnation;
