-- Read models of the admin site: the list of stays and one stay. A list is
-- ordered by the time of IN (of OUT where no IN is known) and id, newest first,
-- and read in keyset pages; a null filter does not filter.

-- name: BookStaysOlder :many
SELECT t.id, t.state, t.class, t.plate, t.display, coalesce(t.token, '')::text AS token, t.zone_code,
       coalesce(t.slot_claimed, '')::text AS slot, (t.slot_held IS NOT NULL)::boolean AS placed,
       t.in_at, coalesce(t.in_gate, '')::text AS in_gate, t.out_at, coalesce(t.out_gate, '')::text AS out_gate,
       t.currency, t.fee, t.paid, coalesce(t.in_at, t.out_at)::timestamptz AS at
FROM transactions t
WHERE t.site_id = @site
  AND (sqlc.narg('state')::text IS NULL OR t.state = sqlc.narg('state'))
  AND (sqlc.narg('prefix')::text IS NULL OR starts_with(t.plate, sqlc.narg('prefix')))
  AND (sqlc.narg('plates')::text[] IS NULL OR t.plate = ANY (sqlc.narg('plates')::text[]))
  AND (sqlc.narg('class')::text IS NULL OR t.class = sqlc.narg('class'))
  AND (sqlc.narg('gate')::text IS NULL OR t.in_gate = sqlc.narg('gate') OR t.out_gate = sqlc.narg('gate'))
  AND (sqlc.narg('from_at')::timestamptz IS NULL OR coalesce(t.out_at, 'infinity') >= sqlc.narg('from_at'))
  AND (sqlc.narg('until_at')::timestamptz IS NULL OR coalesce(t.in_at, t.out_at) < sqlc.narg('until_at'))
  AND (NOT @by_payment::boolean OR EXISTS (
      SELECT FROM payments p
      WHERE p.site_id = t.site_id AND p.stay_id = t.id AND p.status IN ('paid', 'refunded')
        AND (sqlc.narg('paid_from')::timestamptz IS NULL OR p.paid_at >= sqlc.narg('paid_from'))
        AND (sqlc.narg('paid_until')::timestamptz IS NULL OR p.paid_at < sqlc.narg('paid_until'))
        AND (sqlc.narg('method')::text IS NULL OR p.method = sqlc.narg('method'))
        AND (sqlc.narg('paid_gate')::text IS NULL OR p.gate = sqlc.narg('paid_gate'))
        AND (sqlc.narg('actor')::text IS NULL OR p.actor = sqlc.narg('actor'))
        AND (sqlc.narg('hour')::int IS NULL OR extract(hour FROM p.paid_at AT TIME ZONE @zone::text)::int = sqlc.narg('hour'))))
  AND (sqlc.narg('cursor_at')::timestamptz IS NULL
       OR (coalesce(t.in_at, t.out_at), t.id) < (sqlc.narg('cursor_at'), @cursor_id::uuid))
ORDER BY coalesce(t.in_at, t.out_at) DESC, t.id DESC
LIMIT @most;

-- name: BookStaysNewer :many
SELECT t.id, t.state, t.class, t.plate, t.display, coalesce(t.token, '')::text AS token, t.zone_code,
       coalesce(t.slot_claimed, '')::text AS slot, (t.slot_held IS NOT NULL)::boolean AS placed,
       t.in_at, coalesce(t.in_gate, '')::text AS in_gate, t.out_at, coalesce(t.out_gate, '')::text AS out_gate,
       t.currency, t.fee, t.paid, coalesce(t.in_at, t.out_at)::timestamptz AS at
FROM transactions t
WHERE t.site_id = @site
  AND (sqlc.narg('state')::text IS NULL OR t.state = sqlc.narg('state'))
  AND (sqlc.narg('prefix')::text IS NULL OR starts_with(t.plate, sqlc.narg('prefix')))
  AND (sqlc.narg('plates')::text[] IS NULL OR t.plate = ANY (sqlc.narg('plates')::text[]))
  AND (sqlc.narg('class')::text IS NULL OR t.class = sqlc.narg('class'))
  AND (sqlc.narg('gate')::text IS NULL OR t.in_gate = sqlc.narg('gate') OR t.out_gate = sqlc.narg('gate'))
  AND (sqlc.narg('from_at')::timestamptz IS NULL OR coalesce(t.out_at, 'infinity') >= sqlc.narg('from_at'))
  AND (sqlc.narg('until_at')::timestamptz IS NULL OR coalesce(t.in_at, t.out_at) < sqlc.narg('until_at'))
  AND (NOT @by_payment::boolean OR EXISTS (
      SELECT FROM payments p
      WHERE p.site_id = t.site_id AND p.stay_id = t.id AND p.status IN ('paid', 'refunded')
        AND (sqlc.narg('paid_from')::timestamptz IS NULL OR p.paid_at >= sqlc.narg('paid_from'))
        AND (sqlc.narg('paid_until')::timestamptz IS NULL OR p.paid_at < sqlc.narg('paid_until'))
        AND (sqlc.narg('method')::text IS NULL OR p.method = sqlc.narg('method'))
        AND (sqlc.narg('paid_gate')::text IS NULL OR p.gate = sqlc.narg('paid_gate'))
        AND (sqlc.narg('actor')::text IS NULL OR p.actor = sqlc.narg('actor'))
        AND (sqlc.narg('hour')::int IS NULL OR extract(hour FROM p.paid_at AT TIME ZONE @zone::text)::int = sqlc.narg('hour'))))
  AND (coalesce(t.in_at, t.out_at), t.id) > (@cursor_at::timestamptz, @cursor_id::uuid)
ORDER BY coalesce(t.in_at, t.out_at), t.id
LIMIT @most;

-- name: BookStaysPaid :one
-- What the payments behind a filtered list come to: the figure of the Revenue
-- page from which the list was opened.
SELECT coalesce(sum(p.amount), 0)::bigint AS amount, count(*)::bigint AS payments,
       count(DISTINCT p.stay_id)::bigint AS stays
FROM payments p
LEFT JOIN transactions t ON t.site_id = p.site_id AND t.id = p.stay_id
WHERE p.site_id = @site AND p.status IN ('paid', 'refunded')
  AND (sqlc.narg('paid_from')::timestamptz IS NULL OR p.paid_at >= sqlc.narg('paid_from'))
  AND (sqlc.narg('paid_until')::timestamptz IS NULL OR p.paid_at < sqlc.narg('paid_until'))
  AND (sqlc.narg('method')::text IS NULL OR p.method = sqlc.narg('method'))
  AND (sqlc.narg('paid_gate')::text IS NULL OR p.gate = sqlc.narg('paid_gate'))
  AND (sqlc.narg('actor')::text IS NULL OR p.actor = sqlc.narg('actor'))
  AND (sqlc.narg('hour')::int IS NULL OR extract(hour FROM p.paid_at AT TIME ZONE @zone::text)::int = sqlc.narg('hour'))
  AND (sqlc.narg('state')::text IS NULL OR t.state = sqlc.narg('state'))
  AND (sqlc.narg('prefix')::text IS NULL OR starts_with(t.plate, sqlc.narg('prefix')))
  AND (sqlc.narg('plates')::text[] IS NULL OR t.plate = ANY (sqlc.narg('plates')::text[]))
  AND (sqlc.narg('class')::text IS NULL OR t.class = sqlc.narg('class'))
  AND (sqlc.narg('gate')::text IS NULL OR t.in_gate = sqlc.narg('gate') OR t.out_gate = sqlc.narg('gate'))
  AND (sqlc.narg('from_at')::timestamptz IS NULL OR coalesce(t.out_at, 'infinity') >= sqlc.narg('from_at'))
  AND (sqlc.narg('until_at')::timestamptz IS NULL OR coalesce(t.in_at, t.out_at) < sqlc.narg('until_at'));

-- name: BookPlates :many
-- The plates seen last, among which likeness is judged.
SELECT plate FROM vehicles WHERE site_id = @site ORDER BY last_at DESC, plate LIMIT @most;

-- name: BookStay :one
SELECT state, (slot_held IS NOT NULL)::boolean AS placed, document
FROM transactions WHERE site_id = @site AND id = @stay;

-- name: BookStayFacts :many
SELECT f.id, f.encoded, e.received_at
FROM facts f
JOIN processed_events e ON e.site_id = f.site_id AND e.id = f.id
WHERE f.site_id = @site AND f.stay_id = @stay
ORDER BY f.at, f.gate, f.epoch, f.seq, f.id;

-- name: BookStayConflicts :many
SELECT id, kind, state, slot_code, at, closed_at
FROM conflicts WHERE site_id = @site AND stays @> ARRAY[@stay::uuid]
ORDER BY at, id;

-- name: BookPhotosHeld :many
-- Which of these photos have reached the cloud.
SELECT sha256 FROM photos WHERE site_id = @site AND sha256 = ANY (@sums::bytea[]);

-- name: BookPeople :many
-- How the people of a site are called.
SELECT u.name, u.display FROM users u
JOIN user_roles r ON r.user_id = u.id
WHERE r.site_id = @site ORDER BY u.name;
