-- Partitions by month of facts and feed, for upkeep.

-- name: UpkeepTurn :one
-- One replica at a time does upkeep; the others pass over it.
SELECT pg_try_advisory_xact_lock(@key)::boolean;

-- name: FactMonthsAstray :many
-- Months of facts that lie in the default partition.
SELECT DISTINCT date_trunc('month', at, 'UTC')::timestamptz AS month FROM facts_other
WHERE at >= @first AND at < @until ORDER BY month LIMIT 24;

-- name: FeedMonthsAstray :many
SELECT DISTINCT date_trunc('month', committed_at, 'UTC')::timestamptz AS month FROM feed_other
WHERE committed_at >= @first AND committed_at < @until ORDER BY month LIMIT 24;
