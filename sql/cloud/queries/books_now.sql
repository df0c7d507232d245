-- Read models of the admin site: how it stands now. They change nothing.

-- name: BookSite :one
SELECT tenant_id, id, code, name, timezone, currency, language, bank_bin, bank_account
FROM sites WHERE id = @site;

-- name: BookZones :many
-- Every zone with the counts of its slots. A slot that a gate holds for a
-- vehicle on its way (reserved) is free by state; grants run by the clock of
-- this database.
SELECT z.code, z.name, z.kind, z.capacity,
       count(s.code)::bigint AS slots,
       count(t.id)::bigint AS occupied,
       count(s.code) FILTER (WHERE s.out_of_service AND t.id IS NULL)::bigint AS out_of_service,
       count(s.code) FILTER (WHERE s.grant_until > statement_timestamp() AND t.id IS NULL AND NOT s.out_of_service)::bigint AS reserved
FROM zones z
LEFT JOIN slots s ON s.site_id = z.site_id AND s.zone_code = z.code
LEFT JOIN transactions t ON t.site_id = s.site_id AND t.slot_held = s.code
WHERE z.site_id = @site
GROUP BY z.site_id, z.code
ORDER BY z.kind DESC, z.code;

-- name: BookInside :many
-- Who is inside, by zone and class; unplaced are those whose slot is not known.
SELECT t.zone_code, t.class, count(*)::bigint AS inside,
       count(*) FILTER (WHERE t.slot_held IS NULL AND coalesce(z.kind, 'numbered') = 'numbered')::bigint AS unplaced
FROM transactions t
LEFT JOIN zones z ON z.site_id = t.site_id AND z.code = t.zone_code
WHERE t.site_id = @site AND t.state = 'inside'
GROUP BY t.zone_code, t.class
ORDER BY t.zone_code, t.class;

-- name: BookGates :many
-- Every gate with the run (epoch) that was heard last.
SELECT g.code, g.name, g.x, g.y, g.code_until, g.enrolled_at, g.revoked_at, g.seen_at,
       g.version, g.machine, g.rtt_ms, g.queue, g.clock_ms, (g.public_key IS NOT NULL)::boolean AS has_key,
       coalesce(e.epoch, '')::text AS epoch, coalesce(e.seq, 0)::bigint AS seq, e.last_at
FROM gates g
LEFT JOIN gate_epochs e ON (e.site_id, e.gate, e.epoch) = (
    SELECT l.site_id, l.gate, l.epoch FROM gate_epochs l
    WHERE l.site_id = g.site_id AND l.gate = g.code ORDER BY l.epoch DESC LIMIT 1)
WHERE g.site_id = @site
ORDER BY g.code;

-- name: BookGateLanes :many
SELECT gate_code, code, direction, class FROM lanes WHERE site_id = @site ORDER BY gate_code, code;

-- name: BookFlow :one
-- Vehicles in and out since the local midnight and within the last hour.
SELECT
    (SELECT count(*) FROM transactions i WHERE i.site_id = @site AND i.state <> 'voided' AND i.in_at >= @day AND i.in_at <= @now)::bigint AS in_day,
    (SELECT count(*) FROM transactions i WHERE i.site_id = @site AND i.state <> 'voided' AND i.in_at >= @hour AND i.in_at <= @now)::bigint AS in_hour,
    (SELECT count(*) FROM transactions o WHERE o.site_id = @site AND o.state <> 'voided' AND o.out_at >= @day AND o.out_at <= @now)::bigint AS out_day,
    (SELECT count(*) FROM transactions o WHERE o.site_id = @site AND o.state <> 'voided' AND o.out_at >= @hour AND o.out_at <= @now)::bigint AS out_hour;

-- name: BookSlots :many
-- The map: every slot, who stands in it, and who holds it for a moment.
SELECT s.code, s.zone_code, s.x, s.y, s.out_of_service, s.home_gate,
       t.id AS stay, coalesce(t.display, '')::text AS display, coalesce(t.class, '')::text AS class, t.in_at,
       coalesce(CASE WHEN s.grant_until > statement_timestamp() THEN s.grant_gate END, '')::text AS reserved_by
FROM slots s
LEFT JOIN transactions t ON t.site_id = s.site_id AND t.slot_held = s.code
WHERE s.site_id = @site
ORDER BY s.code;
