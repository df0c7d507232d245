-- name: PutConflict :exec
INSERT INTO conflicts (id, document) VALUES (?, ?)
ON CONFLICT (id) DO UPDATE SET document = excluded.document;

-- name: DeleteConflict :exec
DELETE FROM conflicts WHERE id = ?;

-- name: Conflicts :many
SELECT document FROM conflicts ORDER BY id;

-- name: ClearConflicts :exec
DELETE FROM conflicts;
