-- name: PutGuard :exec
INSERT INTO guards (name, display, role, verifier, until_ms) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET display = excluded.display, role = excluded.role,
    verifier = excluded.verifier, until_ms = excluded.until_ms;

-- name: Guard :one
SELECT * FROM guards WHERE name = ?;

-- name: DeleteGuard :exec
DELETE FROM guards WHERE name = ?;
