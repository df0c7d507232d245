-- name: AddOpening :exec
INSERT INTO lane_openings (fact, lane, stay, at_ms) VALUES (?, ?, ?, ?);

-- name: ConfirmOpening :execrows
UPDATE lane_openings SET opened_ms = ? WHERE fact = ?;

-- name: EndOpening :exec
UPDATE lane_openings SET over_ms = sqlc.arg(over_ms) WHERE fact = sqlc.arg(fact) AND over_ms IS NULL;

-- The last opening of each lane, confirmed or not.
-- name: LastOpenings :many
SELECT o.* FROM lane_openings o
WHERE o.at_ms = (SELECT MAX(p.at_ms) FROM lane_openings p WHERE p.lane = o.lane)
ORDER BY o.lane, o.rowid DESC;

-- name: PruneOpenings :exec
DELETE FROM lane_openings WHERE at_ms < ?;
