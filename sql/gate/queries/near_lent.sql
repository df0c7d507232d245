-- name: PutNearLent :exec
INSERT INTO near_lent (slot, document) VALUES (?, ?)
ON CONFLICT (slot) DO UPDATE SET document = excluded.document;

-- name: NearLent :many
SELECT document FROM near_lent ORDER BY slot;
