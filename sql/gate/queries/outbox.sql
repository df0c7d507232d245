-- name: AddFact :exec
INSERT INTO outbox (id, epoch, seq, kind, at_ms, stay, encoded, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- The fact written last, whatever its epoch: the next one names its hash.
-- name: LastFact :one
SELECT epoch, seq, at_ms, hash FROM outbox ORDER BY n DESC LIMIT 1;

-- name: LastSeq :one
SELECT CAST(COALESCE(MAX(seq), 0) AS INTEGER) FROM outbox WHERE epoch = ?;

-- name: FactsAfter :many
SELECT encoded, hash FROM outbox WHERE epoch = ? AND seq > ? ORDER BY seq;

-- Facts that wait for the cloud, in the order in which they were written.
-- name: Waiting :many
SELECT id, epoch, seq, encoded FROM outbox WHERE acked_ms IS NULL ORDER BY n LIMIT ?;

-- name: CountWaiting :one
SELECT COUNT(*) FROM outbox WHERE acked_ms IS NULL;

-- name: OldestWaiting :one
SELECT at_ms FROM outbox WHERE acked_ms IS NULL ORDER BY n LIMIT 1;

-- name: AckFacts :exec
UPDATE outbox SET acked_ms = sqlc.arg(now_ms)
WHERE epoch = sqlc.arg(epoch) AND seq >= sqlc.arg(first_seq) AND seq <= sqlc.arg(last_seq) AND acked_ms IS NULL;

-- Facts that the cloud turned out not to have: they wait again.
-- name: UnackFacts :execrows
UPDATE outbox SET acked_ms = NULL
WHERE epoch = sqlc.arg(epoch) AND seq > sqlc.arg(after_seq) AND seq < sqlc.arg(before_seq) AND acked_ms IS NOT NULL;

-- name: CoverFacts :exec
UPDATE outbox SET covered = 1
WHERE epoch = sqlc.arg(epoch) AND seq >= sqlc.arg(first_seq) AND seq <= sqlc.arg(last_seq) AND covered = 0;

-- name: UncoverFacts :exec
UPDATE outbox SET covered = 0 WHERE epoch = ? AND seq > ? AND covered = 1;

-- Facts that lie over the cloud's state.
-- name: Overlay :many
SELECT encoded FROM outbox WHERE covered = 0 ORDER BY n;

-- name: RecentFacts :many
SELECT encoded FROM outbox ORDER BY n DESC LIMIT ?;

-- Facts that the cloud has had for long; by when it took them, not by when
-- they happened: a gate may have been alone for weeks.
-- name: PruneFacts :execrows
DELETE FROM outbox
WHERE outbox.acked_ms < sqlc.arg(before_ms) AND outbox.covered = 1
  AND outbox.n < (SELECT MAX(o.n) FROM outbox o);

-- The oldest facts that the cloud has, to make room on a disk that is nearly full.
-- name: PruneOldest :execrows
DELETE FROM outbox WHERE n IN (
    SELECT s.n FROM outbox s
    WHERE s.acked_ms IS NOT NULL AND s.covered = 1 AND s.n < (SELECT MAX(o.n) FROM outbox o)
    ORDER BY s.n LIMIT sqlc.arg(max_rows));

-- name: FirstSeqAfter :one
SELECT CAST(COALESCE(MIN(seq), 0) AS INTEGER) FROM outbox WHERE epoch = ? AND seq > ?;

-- Facts in the order in which they were written, for a file.
-- name: FactsFrom :many
SELECT n, id, epoch, seq, encoded, acked_ms FROM outbox WHERE n > ? ORDER BY n LIMIT ?;

-- name: FactKnown :one
SELECT COUNT(*) FROM outbox WHERE id = ?;

-- A place in the queue before everything that is in it.
-- name: FirstPlace :one
SELECT CAST(MIN(COALESCE(MIN(n), 0), 0) - 1 AS INTEGER) FROM outbox;

-- name: AddLost :exec
INSERT INTO outbox (n, id, epoch, seq, kind, at_ms, encoded, hash, covered)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1);

-- StayOfFact is the stay of a fact of this gate that is kept here.
-- name: StayOfFact :one
SELECT stay FROM outbox WHERE id = ?;
