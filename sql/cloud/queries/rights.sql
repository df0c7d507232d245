-- name: PersonOfTenant :one
-- Somebody of the operator, with the role at one site, '' for none.
SELECT u.id, u.name, coalesce(r.role, '')::text AS role
FROM users u LEFT JOIN user_roles r ON r.user_id = u.id AND r.site_id = @site_id
WHERE u.tenant_id = @tenant_id AND u.name = @name;

-- name: DropRole :exec
DELETE FROM user_roles WHERE site_id = @site_id AND user_id = @user_id;

-- People who may administer a site besides one of them.
-- name: OtherAdmins :one
SELECT count(*) FROM user_roles r JOIN users u ON u.id = r.user_id
WHERE r.site_id = @site_id AND r.role = 'admin' AND u.disabled_at IS NULL AND r.user_id <> @user_id;
