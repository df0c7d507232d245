-- name: PutSlot :exec
INSERT INTO slots (code, document) VALUES (?, ?)
ON CONFLICT (code) DO UPDATE SET document = excluded.document;

-- name: Slots :many
SELECT document FROM slots ORDER BY code;

-- name: ClearSlots :exec
DELETE FROM slots;
