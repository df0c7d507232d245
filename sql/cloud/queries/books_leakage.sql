-- Read models of the page about what shows theft (docs/LEAKAGE.md), straight
-- from the facts. They change nothing and count nothing up.

-- name: LeakageMarks :many
-- What is rare, with what it says. Actors "lane:N" are the gate itself.
SELECT m.id, m.at, m.gate, coalesce(m.lane, '')::text AS lane, m.kind, m.stay_id, m.actor, m.shift_id AS shift, m.encoded,
       coalesce(t.display, '')::text AS display
FROM (
    SELECT f.site_id, f.id, f.at, f.gate, f.epoch, f.seq, f.lane, f.kind, f.stay_id, f.actor, f.shift_id, f.encoded FROM facts f
    WHERE f.site_id = @site AND f.at >= @from_at AND f.at < @until_at AND f.signs && '{by_hand,pick,discount}'
    UNION ALL
    SELECT r.site_id, r.id, r.at, r.gate, r.epoch, r.seq, r.lane, r.kind, r.stay_id, r.actor, r.shift_id, r.encoded FROM facts r
    WHERE r.site_id = @site AND r.at >= @from_at AND r.at < @until_at AND r.actor NOT LIKE 'lane:%'
      AND r.kind IN ('stay_voided', 'plate_corrected', 'class_corrected', 'vehicle_backed_out', 'read_rejected')
) m
LEFT JOIN transactions t ON t.site_id = m.site_id AND t.id = m.stay_id
ORDER BY m.at, m.gate, m.epoch, m.seq, m.id
LIMIT @most;

-- name: LeakageLanes :many
-- What passed each lane, and what was written of it.
SELECT f.gate, f.lane::text AS lane,
       count(*) FILTER (WHERE f.kind = 'lane_passage')::bigint AS passed,
       count(*) FILTER (WHERE f.kind = 'lane_passage' AND f.stay_id IS NULL)::bigint AS alone,
       count(*) FILTER (WHERE f.kind = 'vehicle_in')::bigint AS ins,
       count(*) FILTER (WHERE f.kind = 'vehicle_out')::bigint AS outs,
       count(*) FILTER (WHERE f.kind = 'vehicle_backed_out')::bigint AS backed
FROM facts f
WHERE f.site_id = @site AND f.at >= @from_at AND f.at < @until_at AND f.lane IS NOT NULL
  AND f.kind IN ('lane_passage', 'vehicle_in', 'vehicle_out', 'vehicle_backed_out')
  AND NOT coalesce(f.signs && '{paper,walk}', false)
GROUP BY f.gate, f.lane ORDER BY f.gate, f.lane;

-- name: LeakageAlone :many
-- Vehicles that went through a lane for no stay, and which person wrote
-- something at the gate last before each, within the hour.
SELECT f.id, f.at, f.gate, f.lane::text AS lane, f.encoded,
       coalesce((SELECT p.actor FROM facts p WHERE p.site_id = f.site_id AND p.at <= f.at AND p.at > f.at - interval '1 hour'
                 AND p.gate = f.gate AND p.actor <> '' AND p.actor NOT LIKE 'lane:%' ORDER BY p.at DESC LIMIT 1), '')::text AS actor
FROM facts f
WHERE f.site_id = @site AND f.at >= @from_at AND f.at < @until_at AND f.kind = 'lane_passage' AND f.stay_id IS NULL
ORDER BY f.at, f.id LIMIT @most;

-- name: LeakageShifts :many
-- The shifts that touch the period: whose, where, from when until when.
SELECT o.shift_id::uuid AS shift, o.actor, o.gate, o.at AS opened_at,
       coalesce((SELECT min(c.at) FROM facts c WHERE c.site_id = o.site_id AND c.kind = 'shift_closed' AND c.shift_id = o.shift_id AND c.at >= o.at), '9000-01-01Z')::timestamptz AS closed_at
FROM facts o
WHERE o.site_id = @site AND o.kind = 'shift_opened' AND o.shift_id IS NOT NULL
  AND o.at >= @shifts_from AND o.at < @until_at
ORDER BY o.at;

-- name: LeakageActs :many
-- Who did how much, so that few and many can be told apart.
WITH shifts AS (
    SELECT o.shift_id AS shift, o.actor, o.gate, o.at AS opened_at,
           coalesce((SELECT min(c.at) FROM facts c WHERE c.site_id = o.site_id AND c.kind = 'shift_closed' AND c.shift_id = o.shift_id AND c.at >= o.at), 'infinity') AS closed_at
    FROM facts o
    WHERE o.site_id = @site AND o.kind = 'shift_opened' AND o.shift_id IS NOT NULL
      AND o.at >= @shifts_from AND o.at < @until_at
), acts AS (
    SELECT f.gate, f.actor,
           (SELECT s.shift FROM shifts s WHERE s.gate = f.gate AND s.actor = f.actor AND s.opened_at <= f.at AND f.at < s.closed_at
            ORDER BY s.opened_at DESC LIMIT 1) AS shift
    FROM facts f
    WHERE f.site_id = @site AND f.at >= @from_at AND f.at < @until_at AND f.kind IN ('vehicle_in', 'vehicle_out')
      AND f.actor NOT LIKE 'lane:%' AND f.actor <> ''
)
SELECT a.gate, a.actor, a.shift, count(*)::bigint AS vehicles FROM acts a GROUP BY a.gate, a.actor, a.shift ORDER BY a.actor, a.gate, a.shift;

-- name: LeakageSilences :many
-- Where between two facts of a gate lie more than five minutes; up says that
-- its program ran all the while, since both are of one epoch.
SELECT t.gate, t.before_at::timestamptz AS from_at, t.at AS until_at, (t.epoch = t.before_epoch)::boolean AS up
FROM (
    SELECT f.gate, f.epoch, f.at, lag(f.at) OVER (PARTITION BY f.gate ORDER BY f.at, f.epoch, f.seq) AS before_at,
           lag(f.epoch) OVER (PARTITION BY f.gate ORDER BY f.at, f.epoch, f.seq) AS before_epoch
    FROM facts f
    WHERE f.site_id = @site AND f.gate <> 'cloud' AND f.at >= @scan_from AND f.at < @scan_until
) AS t
WHERE t.at - t.before_at > interval '5 minutes' AND t.at > @from_at::timestamptz AND t.before_at < @until_at::timestamptz
ORDER BY t.before_at, t.gate;

-- name: LeakageEnds :many
-- The last fact of each enrolled gate around the period, and the last of all.
SELECT g.code, coalesce(max(f.at), '0001-01-01Z')::timestamptz AS last_at,
       coalesce((SELECT max(e.last_at) FROM gate_epochs e WHERE e.site_id = g.site_id AND e.gate = g.code), '0001-01-01Z')::timestamptz AS end_at
FROM gates g
LEFT JOIN facts f ON f.site_id = g.site_id AND f.gate = g.code
    AND f.at >= @scan_from AND f.at < @scan_until
WHERE g.site_id = @site AND g.public_key IS NOT NULL AND g.revoked_at IS NULL
GROUP BY g.site_id, g.code ORDER BY g.code;

-- name: LeakageBranches :many
-- Databases that were copied back or machines that were copied: conflicts of
-- gates whose life branched.
SELECT c.id, c.kind, c.state, c.at, e.gate, e.epoch
FROM conflicts c
JOIN processed_events e ON e.site_id = c.site_id AND e.id = c.facts[2]
WHERE c.site_id = @site AND c.kind IN ('gate_rolled_back', 'gate_cloned') AND c.state IN ('open', 'settled')
  AND c.at >= @from_at AND c.at < @until_at
ORDER BY c.at, c.id;

-- name: LeakageMissing :many
-- Epochs whose successor says that they wrote more than the cloud holds.
SELECT e.gate, e.prev_epoch::text AS epoch, e.prev_seq::bigint AS written, coalesce(p.seq, 0)::bigint AS held, s.at
FROM gate_epochs e
JOIN processed_events s ON s.site_id = e.site_id AND s.id = e.started_id
LEFT JOIN gate_epochs p ON p.site_id = e.site_id AND p.gate = e.gate AND p.epoch = e.prev_epoch
WHERE e.site_id = @site AND e.prev_epoch <> '' AND coalesce(p.seq, 0) < e.prev_seq AND s.at >= @from_at AND s.at < @until_at
ORDER BY s.at, e.gate;

-- name: LeakageUnproven :many
-- Transfers that a person confirmed and no bank has told of.
SELECT p.id, p.stay_id, p.paid_at::timestamptz AS paid_at, p.amount, p.gate, p.actor, coalesce(t.display, '')::text AS display,
       f.encoded, f.shift
FROM payments p
LEFT JOIN transactions t ON t.site_id = p.site_id AND t.id = p.stay_id
LEFT JOIN LATERAL (SELECT k.encoded, k.shift_id AS shift FROM facts k WHERE k.site_id = p.site_id AND k.kind = 'payment_taken' AND k.subject = p.id::text
    ORDER BY k.at DESC LIMIT 1) f ON true
WHERE p.site_id = @site AND p.method = 'by_hand' AND p.paid_at >= @from_at AND p.paid_at < @until_at
  AND p.bank_at IS NULL AND p.paid_at <= @ripe::timestamptz
ORDER BY p.paid_at, p.id LIMIT @most;

-- name: LeakageGrace :many
-- Stays that were free for their shortness, of a plate that had left free
-- within the hour before.
SELECT t.id, t.out_at::timestamptz AS out_at, t.out_gate::text AS out_gate, o.actor, coalesce(o.lane, '')::text AS lane, t.display,
       b.id AS before_id, b.out_at::timestamptz AS before_out
FROM facts o
JOIN transactions t ON t.site_id = o.site_id AND t.id = o.stay_id AND t.state = 'left' AND t.plate <> '' AND t.in_at IS NOT NULL
JOIN LATERAL (
    SELECT x.id, x.out_at FROM transactions x
    WHERE x.site_id = t.site_id AND x.plate = t.plate AND x.state = 'left' AND x.id <> t.id
      AND x.out_at <= t.in_at AND x.out_at >= t.in_at - interval '1 hour'
      AND EXISTS (SELECT FROM facts g WHERE g.site_id = x.site_id AND g.stay_id = x.id AND g.kind = 'vehicle_out' AND g.signs && '{grace}')
    ORDER BY x.out_at DESC LIMIT 1) b ON true
WHERE o.site_id = @site AND o.at >= @from_at AND o.at < @until_at AND o.kind = 'vehicle_out' AND o.signs && '{grace}'
ORDER BY t.out_at, t.id LIMIT @most;

-- name: LeakageWalks :many
-- What inventory walks told, the newest first.
SELECT f.encoded FROM facts f
WHERE f.site_id = @site AND f.kind = 'inventory_taken' AND f.at >= @from_at AND f.at < @until_at
ORDER BY f.at DESC, f.gate DESC, f.epoch DESC, f.seq DESC LIMIT @most;

-- name: LeakageStanding :many
-- Who stands in a zone by the books since before a walk.
SELECT t.id, t.plate, t.display, coalesce(t.token, '')::text AS token, coalesce(t.slot_claimed, '')::text AS slot, t.class,
       t.in_at::timestamptz AS in_at, t.in_gate::text AS in_gate
FROM transactions t
WHERE t.site_id = @site AND t.state = 'inside' AND t.zone_code = @zone AND t.in_at < @before_at
ORDER BY t.in_at, t.id LIMIT @most;

-- name: LeakageFound :many
-- Stays that a walk has made: vehicles that were seen and had no stay.
SELECT t.id, t.display, t.class, coalesce(t.slot_claimed, '')::text AS slot, f.at, f.gate
FROM facts f
JOIN transactions t ON t.site_id = f.site_id AND t.id = f.stay_id
WHERE f.site_id = @site AND f.kind = 'vehicle_in' AND f.signs && '{walk}' AND f.at >= @from_at AND f.at < @until_at
  AND t.zone_code = @zone
ORDER BY f.at, f.id LIMIT @most;
