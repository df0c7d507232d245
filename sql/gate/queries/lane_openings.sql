-- name: AddOpening :exec
INSERT INTO lane_openings (fact, lane, stay, at_ms) VALUES (?, ?, ?, ?);

-- name: ConfirmOpening :execrows
UPDATE lane_openings SET opened_ms = ? WHERE fact = ?;

-- The last opening of each lane, confirmed or not.
-- name: LastOpenings :many
SELECT o.* FROM lane_openings o
WHERE o.at_ms = (SELECT MAX(p.at_ms) FROM lane_openings p WHERE p.lane = o.lane)
ORDER BY o.lane, o.rowid DESC;

-- name: PruneOpenings :exec
DELETE FROM lane_openings WHERE at_ms < ?;
