-- name: AddShift :exec
INSERT INTO shifts (id, guard) VALUES (?, ?) ON CONFLICT (id) DO NOTHING;

-- name: CloseShift :exec
UPDATE shifts SET closed_ms = sqlc.arg(closed_ms) WHERE id = sqlc.arg(id) AND closed_ms = 0;

-- A fact of a shift that is known here.
-- name: AddShiftFact :exec
INSERT INTO shift_facts (fact, shift, encoded)
SELECT sqlc.arg(fact), s.id, sqlc.arg(encoded) FROM shifts s WHERE s.id = sqlc.arg(shift)
ON CONFLICT (fact) DO NOTHING;

-- name: ShiftFacts :many
SELECT encoded FROM shift_facts WHERE shift = ? ORDER BY rowid;

-- The facts that opened the shifts that are not closed.
-- name: OpenShiftFacts :many
SELECT f.encoded FROM shift_facts f JOIN shifts s ON s.id = f.shift WHERE s.closed_ms = 0 ORDER BY f.rowid;

-- name: PruneShifts :exec
DELETE FROM shifts WHERE closed_ms > 0 AND closed_ms < sqlc.arg(before_ms);
