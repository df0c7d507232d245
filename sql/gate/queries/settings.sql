-- name: Setting :one
SELECT value FROM settings WHERE name = ?;

-- name: SetSetting :exec
INSERT INTO settings (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: DeleteSetting :exec
DELETE FROM settings WHERE name = ?;
