-- name: NewestVersion :one
-- What holds, or will hold last, for a key.
SELECT fact_id, from_at, document FROM versions
WHERE site_id = @site_id AND kind = @kind AND key = @key
ORDER BY from_at DESC, at DESC, epoch COLLATE "C" DESC, seq DESC, fact_id DESC LIMIT 1;

-- name: NewestVersionsOf :many
-- The same for some keys.
SELECT DISTINCT ON (key) key, fact_id, from_at, document FROM versions
WHERE site_id = @site_id AND kind = @kind AND key = ANY (@keys::text[])
ORDER BY key, from_at DESC, at DESC, epoch COLLATE "C" DESC, seq DESC, fact_id DESC;

-- name: PutPassHolder :exec
INSERT INTO pass_holders (tenant_id, site_id, pass, name, phone, note)
VALUES (@tenant_id, @site_id, @pass, @name, @phone, @note)
ON CONFLICT (site_id, pass) DO UPDATE SET name = excluded.name, phone = excluded.phone, note = excluded.note;

-- name: PassHolder :one
SELECT name, phone, note FROM pass_holders WHERE site_id = @site_id AND pass = @pass;
