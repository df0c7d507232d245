-- name: AddHeardBatch :exec
INSERT OR IGNORE INTO heard_batches (id, gate, epoch, first_seq, last_seq, signature, signer, heard_ms, covered)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: AddHeardFact :exec
INSERT OR IGNORE INTO heard_facts (gate, epoch, seq, id, kind, encoded, signer, covered)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: HeardFacts :many
SELECT seq, id, encoded FROM heard_facts
WHERE gate = sqlc.arg(gate) AND epoch = sqlc.arg(epoch) AND seq >= sqlc.arg(first_seq) AND seq <= sqlc.arg(last_seq) ORDER BY seq;

-- name: HeardOverlay :many
SELECT encoded, signer FROM heard_facts WHERE covered = 0 ORDER BY gate, epoch, seq;

-- name: HeardClocks :many
SELECT encoded FROM heard_facts WHERE kind = 'clock_observed';

-- name: HeardRuns :many
SELECT gate, epoch, first_seq, last_seq FROM heard_batches ORDER BY gate, epoch, first_seq;

-- A batch that goes on after what somebody holds: the first that is found from
-- there backwards, so that what was before is not read.
-- name: HeardBatchWith :one
SELECT * FROM heard_batches
WHERE gate = sqlc.arg(gate) AND epoch = sqlc.arg(epoch) AND first_seq <= sqlc.arg(seq) AND last_seq >= sqlc.arg(seq)
ORDER BY first_seq DESC, last_seq DESC LIMIT 1;

-- Batches that the cloud is not known to have, each run's in order.
-- name: HeardToCarry :many
SELECT * FROM heard_batches WHERE carried_ms IS NULL AND covered = 0 AND heard_ms <= sqlc.arg(before_ms)
ORDER BY gate, epoch, first_seq, last_seq LIMIT sqlc.arg(max_rows);

-- name: HeardCarried :exec
UPDATE heard_batches SET carried_ms = sqlc.arg(now_ms) WHERE n = sqlc.arg(n);

-- name: CarryAgain :execrows
UPDATE heard_batches SET carried_ms = NULL
WHERE gate = sqlc.arg(gate) AND epoch = sqlc.arg(epoch) AND last_seq > sqlc.arg(seq) AND first_seq <= sqlc.arg(seq) + 1
  AND carried_ms IS NOT NULL;

-- name: CarryAllAgain :exec
UPDATE heard_batches SET carried_ms = NULL WHERE covered = 0 AND carried_ms IS NOT NULL;

-- name: CoverHeardFacts :exec
UPDATE heard_facts SET covered = 1 WHERE gate = ? AND epoch = ? AND seq <= ? AND covered = 0;

-- name: CoverHeardBatches :exec
UPDATE heard_batches SET covered = 1 WHERE gate = ? AND epoch = ? AND last_seq <= ? AND covered = 0;

-- name: UncoverHeardFacts :exec
UPDATE heard_facts SET covered = 0 WHERE gate = ? AND epoch = ? AND seq > ? AND covered = 1;

-- name: UncoverHeardBatches :exec
UPDATE heard_batches SET covered = 0 WHERE gate = ? AND epoch = ? AND last_seq > ? AND covered = 1;

-- What the cloud has had for long, or does not take.
-- name: PruneHeard :execrows
DELETE FROM heard_batches WHERE heard_ms < sqlc.arg(before_ms) AND (covered = 1 OR carried_ms < sqlc.arg(before_ms));

-- The oldest that the cloud has, to make room on a disk that is nearly full.
-- name: PruneOldestHeard :execrows
DELETE FROM heard_batches WHERE n IN (SELECT b.n FROM heard_batches b WHERE b.covered = 1 ORDER BY b.n LIMIT sqlc.arg(max_rows));

-- Facts whose batches are gone.
-- name: PruneHeardFacts :exec
DELETE FROM heard_facts WHERE NOT EXISTS (
    SELECT 1 FROM heard_batches b
    WHERE b.gate = heard_facts.gate AND b.epoch = heard_facts.epoch AND b.first_seq <= heard_facts.seq AND b.last_seq >= heard_facts.seq);

-- name: Covered :many
SELECT gate, epoch, seq FROM covered;

-- name: PutCovered :exec
INSERT INTO covered (gate, epoch, seq) VALUES (?, ?, ?)
ON CONFLICT (gate, epoch) DO UPDATE SET seq = max(covered.seq, excluded.seq);

-- name: ClearCovered :exec
DELETE FROM covered;

-- How far this gate's own runs go on this disk.
-- name: OwnRuns :many
SELECT epoch, CAST(MIN(seq) AS INTEGER) AS first_seq, CAST(MAX(seq) AS INTEGER) AS last_seq FROM outbox GROUP BY epoch;

-- name: OwnFacts :many
SELECT seq, id, encoded FROM outbox WHERE epoch = sqlc.arg(epoch) AND seq >= sqlc.arg(first_seq) AND seq <= sqlc.arg(last_seq) ORDER BY seq LIMIT sqlc.arg(max_rows);

-- name: DropHeardBatch :exec
DELETE FROM heard_batches WHERE n = ?;
