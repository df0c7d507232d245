-- Read models of the admin site: money. Every total counts the payments that came
-- on the local date of paid_at in the site's time zone, also those that were given
-- back since: a day that is over, and its drawers, stay as they were. What was
-- given back is told beside it, on its own day.

-- name: BookRevenue :many
-- One reading of the payments, summed in five ways and as a whole, so that all
-- figures of a page belong to the same moment. "grouped" has a bit for each
-- column that a row does NOT speak of: day 32, hour 16, method 8, gate 4,
-- class 2, actor 1.
WITH paid AS (
    SELECT p.amount, p.method, p.gate, p.actor, coalesce(t.class, '') AS class,
           to_char(p.paid_at AT TIME ZONE @zone::text, 'YYYY-MM-DD') AS day,
           extract(hour FROM p.paid_at AT TIME ZONE @zone::text)::int AS hour
    FROM payments p
    LEFT JOIN transactions t ON t.site_id = p.site_id AND t.id = p.stay_id
    WHERE p.site_id = @site AND p.status IN ('paid', 'refunded') AND p.paid_at >= @from_at AND p.paid_at < @until_at
)
SELECT grouping(day, hour, method, gate, class, actor)::int AS grouped,
       coalesce(day, '')::text AS day, coalesce(hour, 0)::int AS hour, coalesce(method, '')::text AS method,
       coalesce(gate, '')::text AS gate, coalesce(class, '')::text AS class, coalesce(actor, '')::text AS actor,
       coalesce(sum(amount), 0)::bigint AS amount, count(*)::bigint AS payments
FROM paid
GROUP BY GROUPING SETS ((), (day), (hour), (method), (gate), (class), (actor))
ORDER BY grouped, day, hour, method, gate, class, actor;

-- name: BookPayments :many
-- The list behind the totals, in order of time.
SELECT p.id, p.stay_id, p.method, p.amount, p.currency, coalesce(p.reference, '')::text AS reference,
       p.gate, p.actor, p.paid_at::timestamptz AS paid_at,
       coalesce(t.display, '')::text AS display, coalesce(t.class, '')::text AS class
FROM payments p
LEFT JOIN transactions t ON t.site_id = p.site_id AND t.id = p.stay_id
WHERE p.site_id = @site AND p.status IN ('paid', 'refunded') AND p.paid_at >= @from_at AND p.paid_at < @until_at
ORDER BY p.paid_at, p.id;

-- name: BookRefunds :many
-- What gates and the operator gave back in the time.
SELECT f.id, f.encoded FROM facts f
WHERE f.site_id = @site AND f.kind IN ('refund_paid', 'refunded') AND f.at >= @from_at AND f.at < @until_at
ORDER BY f.at, f.id;
