-- Read models of the inbox: conflicts, what they are about, and quarantine.
-- A conflict waits when a gate that is known to be offline may explain it: it
-- lies after wait_after, the earliest end of what is held of those gates, and
-- is of a kind that other facts can explain.

-- name: BookConflictsOlder :many
SELECT c.id, c.kind, c.state, c.facts, c.stays, coalesce(c.slot_code, '')::text AS slot, c.at, c.opened_at, c.closed_at,
       ARRAY(SELECT t.display FROM transactions t WHERE t.site_id = c.site_id AND t.id = ANY (c.stays)
             ORDER BY array_position(c.stays, t.id))::text[] AS displays
FROM conflicts c
WHERE c.site_id = @site AND c.state = ANY (@states::text[])
  AND (sqlc.narg('kind')::text IS NULL OR c.kind = sqlc.narg('kind'))
  AND (sqlc.narg('waiting')::boolean IS NULL OR sqlc.narg('waiting')
       = (coalesce(c.at > sqlc.narg('wait_after')::timestamptz, false) AND c.kind <> ALL (@never_waits::text[])))
  AND (sqlc.narg('cursor_at')::timestamptz IS NULL OR (c.at, c.id) < (sqlc.narg('cursor_at'), @cursor_id::bytea))
ORDER BY c.at DESC, c.id DESC
LIMIT @most;

-- name: BookConflictsNewer :many
SELECT c.id, c.kind, c.state, c.facts, c.stays, coalesce(c.slot_code, '')::text AS slot, c.at, c.opened_at, c.closed_at,
       ARRAY(SELECT t.display FROM transactions t WHERE t.site_id = c.site_id AND t.id = ANY (c.stays)
             ORDER BY array_position(c.stays, t.id))::text[] AS displays
FROM conflicts c
WHERE c.site_id = @site AND c.state = ANY (@states::text[])
  AND (sqlc.narg('kind')::text IS NULL OR c.kind = sqlc.narg('kind'))
  AND (sqlc.narg('waiting')::boolean IS NULL OR sqlc.narg('waiting')
       = (coalesce(c.at > sqlc.narg('wait_after')::timestamptz, false) AND c.kind <> ALL (@never_waits::text[])))
  AND (c.at, c.id) > (@cursor_at::timestamptz, @cursor_id::bytea)
ORDER BY c.at, c.id
LIMIT @most;

-- name: BookConflictCounts :many
-- How many are open, by kind, and how many of those wait.
SELECT c.kind, count(*)::bigint AS open,
       count(*) FILTER (WHERE c.at > sqlc.narg('wait_after')::timestamptz AND c.kind <> ALL (@never_waits::text[]))::bigint AS waiting
FROM conflicts c WHERE c.site_id = @site AND c.state = 'open' GROUP BY c.kind ORDER BY c.kind;

-- name: BookConflict :one
SELECT c.id, c.kind, c.state, c.facts, c.stays, coalesce(c.slot_code, '')::text AS slot, c.at, c.opened_at, c.closed_at
FROM conflicts c WHERE c.site_id = @site AND c.id = @id;

-- name: BookGatesHeld :many
-- How far the facts of each enrolled gate reach.
SELECT g.code, g.seen_at, 
       coalesce((SELECT max(e.last_at) FROM gate_epochs e WHERE e.site_id = g.site_id AND e.gate = g.code), '0001-01-01Z')::timestamptz AS held_until
FROM gates g WHERE g.site_id = @site AND g.public_key IS NOT NULL AND g.revoked_at IS NULL ORDER BY g.code;

-- name: BookFacts :many
SELECT f.id, f.encoded, e.received_at
FROM processed_events e
JOIN facts f ON f.site_id = e.site_id AND f.at = e.at AND f.id = e.id
WHERE e.site_id = @site AND e.id = ANY (@ids::uuid[]);

-- name: BookSettlements :many
-- The decisions on a conflict, in order.
SELECT f.id, f.encoded, e.received_at
FROM facts f
JOIN processed_events e ON e.site_id = f.site_id AND e.id = f.id
WHERE f.site_id = @site AND f.kind = 'conflict_settled' AND f.subject = @conflict::text
ORDER BY f.at, f.epoch, f.seq;

-- name: BookQuarantine :many
SELECT q.gate, q.epoch, q.seq, q.sha256, q.raw, q.reason, q.received_at
FROM quarantine q
WHERE q.site_id = @site AND q.settled_at IS NULL
  AND (sqlc.narg('cursor_at')::timestamptz IS NULL OR (q.received_at, q.gate, q.epoch, q.seq)
       < (sqlc.narg('cursor_at'), @cursor_gate::text, @cursor_epoch::text, @cursor_seq::bigint))
ORDER BY q.received_at DESC, q.gate DESC, q.epoch DESC, q.seq DESC
LIMIT @most;

-- name: BookQuarantineCount :one
SELECT count(*)::bigint FROM quarantine WHERE site_id = @site AND settled_at IS NULL;
