-- Read models of the admin site: shifts, folded from their facts.

-- name: ShiftsOfDays :many
-- Shifts of which something was written in [from_at, until_at), or by a clock that
-- may have misdated it.
SELECT a.shift_id::uuid AS shift_id FROM facts a
WHERE a.site_id = @site_id AND a.shift_id IS NOT NULL AND a.at >= @from_at AND a.at < @until_at
UNION
SELECT b.shift_id::uuid FROM facts b WHERE b.site_id = @site_id AND b.boot IS NOT NULL AND b.shift_id IS NOT NULL;

-- name: ShiftFacts :many
SELECT encoded FROM facts WHERE site_id = @site_id AND shift_id = ANY (@shifts::uuid[]);

-- name: ConfirmedBetween :many
-- What banks settled in [from_at, until_at), also where a fact was written again later.
SELECT f.encoded FROM facts f WHERE f.site_id = @site_id AND f.kind = 'payment_confirmed' AND f.at >= @from_at AND f.at < @until_at
UNION
SELECT f.encoded FROM payments p JOIN facts f ON f.site_id = p.site_id AND f.kind = 'payment_confirmed' AND f.subject = p.id::text
WHERE p.site_id = @site_id AND p.paid_at >= @from_at AND p.paid_at < @until_at AND p.bank_at IS NOT NULL;

-- name: ShiftStays :many
-- How the vehicles of stays are called.
SELECT id, display FROM transactions WHERE site_id = @site_id AND id = ANY (@ids::uuid[]);

-- name: PaymentsWithoutShift :one
-- Money of a day that names no shift: of gates that knew none yet.
SELECT count(*)::bigint FROM facts
WHERE site_id = @site_id AND kind = 'payment_taken' AND shift_id IS NULL AND at >= @from_at AND at < @until_at;

-- name: CardCount :one
-- Cards that are known by their newest version: how many, how many of them are
-- lost (by that version, or by their last stay), and how many are on a vehicle
-- inside.
WITH cards AS (
    SELECT DISTINCT ON (v.key) v.key, v.document ->> 'state' AS state, v.document ->> 'type' AS type
    FROM versions v
    WHERE v.site_id = @site_id AND v.kind = 'token' AND v.from_at <= @now
    ORDER BY v.key, v.from_at DESC, v.at DESC, v.epoch DESC, v.seq DESC
), stood AS (
    SELECT c.key, c.state = 'lost' OR coalesce(t.token_until < coalesce(t.out_at, 'infinity'), false) AS lost,
           coalesce(t.state = 'inside' AND t.token_until IS NULL, false) AS inside
    FROM cards c
    LEFT JOIN LATERAL (
        SELECT x.state, x.token_until, x.out_at FROM transactions x
        WHERE x.site_id = @site_id AND x.token = c.key AND x.in_at IS NOT NULL ORDER BY x.in_at DESC LIMIT 1
    ) t ON true
    WHERE c.type = 'card'
)
SELECT count(*)::bigint AS known, count(*) FILTER (WHERE lost)::bigint AS lost,
       count(*) FILTER (WHERE inside AND NOT lost)::bigint AS inside
FROM stood;

-- name: CountsBetween :many
-- Counts of drawers and card boxes in [from_at, until_at).
SELECT encoded FROM facts
WHERE site_id = @site_id AND shift_id IS NOT NULL AND kind = 'shift_closed' AND at >= @from_at AND at < @until_at;
