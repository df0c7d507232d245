-- name: NewEpoch :exec
INSERT INTO epochs (epoch, started_at) VALUES (?, ?);

-- The epoch minted last: its ordinal comes first in the name.
-- name: LastEpoch :one
SELECT epoch FROM epochs ORDER BY epoch DESC LIMIT 1;

-- name: Epochs :many
SELECT * FROM epochs ORDER BY epoch;

-- name: SetEpochAcked :exec
UPDATE epochs SET acked = sqlc.arg(acked) WHERE epoch = sqlc.arg(epoch);
