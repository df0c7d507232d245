-- name: PutLent :exec
INSERT INTO lent_slots (slot, document) VALUES (?, ?)
ON CONFLICT (slot) DO UPDATE SET document = excluded.document;

-- name: LentSlots :many
SELECT document FROM lent_slots ORDER BY slot;
