-- What a decision on a conflict reads and writes, under the site's lock.

-- name: ConflictByID :one
SELECT id, kind, state, facts, stays, slot_code, at FROM conflicts WHERE site_id = @site_id AND id = @id;

-- name: ConflictsOfFact :many
SELECT id, kind, state, facts, stays FROM conflicts WHERE site_id = @site_id AND kind = @kind AND state = 'open' AND @fact::uuid = ANY (facts);

-- name: InsideBefore :many
-- Stays that an exit without an entry may belong to.
SELECT id, plate, display, class, coalesce(token, '')::text AS token, in_at::timestamptz AS in_at, coalesce(in_gate, '')::text AS in_gate,
       zone_code, coalesce(slot_claimed, '')::text AS slot
FROM transactions
WHERE site_id = @site_id AND state = 'inside' AND in_at <= @out_at::timestamptz
ORDER BY (plate = @plate) DESC, in_at DESC LIMIT @most;

-- name: DiscardQuarantined :one
UPDATE quarantine SET settled_at = @settled_at::timestamptz, settled_how = @settled_how::text
WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch AND seq = @seq AND sha256 = @sha256 AND settled_at IS NULL
RETURNING seq;

-- name: QuarantinedEvent :one
-- The id under which a quarantined item was counted.
SELECT id FROM processed_events
WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch AND seq = @seq AND outcome = 'quarantined';

-- name: QuarantinedItem :one
-- The item that was counted under an id: of several of one seq the first.
SELECT q.gate, q.epoch, q.seq, q.sha256 FROM processed_events e
JOIN quarantine q ON q.site_id = e.site_id AND q.gate = e.gate AND q.epoch = e.epoch AND q.seq = e.seq
WHERE e.site_id = @site_id AND e.id = @id AND e.outcome = 'quarantined' ORDER BY q.received_at LIMIT 1;

-- name: TokenKind :one
SELECT kind FROM tokens WHERE site_id = @site_id AND number = @number;

-- name: SlotOutOfService :one
SELECT out_of_service FROM slots WHERE site_id = @site_id AND code = @code;
