-- name: AddUser :exec
INSERT INTO users (tenant_id, id, name, display, password_hash, language, created_at)
VALUES (@tenant_id, @id, @name, @display, @password_hash, @language, @created_at);

-- name: SetRole :exec
INSERT INTO user_roles (tenant_id, site_id, user_id, role) VALUES (@tenant_id, @site_id, @user_id, @role)
ON CONFLICT (site_id, user_id) DO UPDATE SET role = excluded.role;

-- name: UserAtSite :one
SELECT u.id, u.tenant_id, u.name, u.display, u.password_hash, u.language, u.disabled_at, r.role, r.site_id, s.code AS site_code
FROM users u JOIN user_roles r ON r.user_id = u.id JOIN sites s ON s.id = r.site_id
WHERE u.name = @name AND s.code = @site_code;

-- name: UsersAtSite :many
SELECT u.id, u.name, u.display, u.language, u.disabled_at, u.created_at, r.role
FROM users u JOIN user_roles r ON r.user_id = u.id WHERE r.site_id = @site_id ORDER BY u.name;

-- name: SetPassword :execrows
UPDATE users SET password_hash = @password_hash WHERE id = @id;
