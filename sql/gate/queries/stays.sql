-- name: PutStay :exec
INSERT INTO stays (id, state, plate, changed_ms, document) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, plate = excluded.plate,
    changed_ms = excluded.changed_ms, document = excluded.document;

-- name: Stays :many
SELECT document FROM stays;

-- name: EndedBefore :many
SELECT id FROM stays WHERE state <> 'inside' AND changed_ms < ?;

-- name: DeleteStay :exec
DELETE FROM stays WHERE id = ?;

-- name: ClearStays :exec
DELETE FROM stays;
