-- name: BookPasses :many
-- Passes as they are now, by code, after one. With a plate only those that name
-- it.
SELECT p.key, p.fact_id, p.document, coalesce(h.name, '')::text AS name, coalesce(h.phone, '')::text AS phone,
    coalesce(h.note, '')::text AS note,
    (SELECT count(*) FROM transactions t WHERE t.site_id = @site_id AND t.pass = p.key AND t.state = 'inside')::int AS inside
FROM (
    SELECT DISTINCT ON (v.key) v.key, v.fact_id, v.document FROM versions v
    WHERE v.site_id = @site_id AND v.kind = 'pass' AND v.key > @after AND v.from_at <= @now
    ORDER BY v.key, v.from_at DESC, v.at DESC, v.epoch COLLATE "C" DESC, v.seq DESC, v.fact_id DESC) p
LEFT JOIN pass_holders h ON h.site_id = @site_id AND h.pass = p.key
WHERE (@code::text = '' OR p.key = @code) AND (@plate::text = '' OR p.document -> 'plates' ? @plate::text)
ORDER BY p.key LIMIT @max_rows;

-- name: BookPassVersions :many
-- What was written about a key, the newest first, with who did.
SELECT v.fact_id, v.from_at, v.at, v.document, coalesce(f.actor, '')::text AS actor FROM versions v
LEFT JOIN LATERAL (SELECT actor FROM facts WHERE facts.site_id = v.site_id AND facts.id = v.fact_id AND facts.at = v.at) f ON true
WHERE v.site_id = @site_id AND v.kind = @kind AND v.key = @key
ORDER BY v.from_at DESC, v.at DESC, v.epoch COLLATE "C" DESC, v.seq DESC, v.fact_id DESC LIMIT @max_rows;

-- name: BookTokens :many
-- Cards by number, after one; in a state, or all.
SELECT t.number, t.kind, t.state, coalesce(s.id, '00000000-0000-0000-0000-000000000000')::uuid AS stay, coalesce(s.display, '')::text AS display FROM tokens t
LEFT JOIN LATERAL (
    SELECT x.id, x.display FROM transactions x
    WHERE x.site_id = t.site_id AND x.token = t.number AND x.state = 'inside' AND x.token_until IS NULL
    ORDER BY x.in_at DESC LIMIT 1) s ON true
WHERE t.site_id = @site_id AND t.kind = 'card' AND t.number > @after AND (@state::text = '' OR t.state = @state)
ORDER BY t.number LIMIT @max_rows;

-- name: BookTokenCounts :many
SELECT state, count(*)::bigint AS n FROM tokens WHERE site_id = @site_id AND kind = 'card' GROUP BY state ORDER BY state;

-- name: BookListed :many
-- Plates on the block list, or with a note, by plate, after one.
SELECT b.key, b.fact_id, b.from_at, b.document FROM (
    SELECT DISTINCT ON (v.key) v.key, v.fact_id, v.from_at, v.document FROM versions v
    WHERE v.site_id = @site_id AND v.kind = 'block' AND v.key > @after
    ORDER BY v.key, v.from_at DESC, v.at DESC, v.epoch COLLATE "C" DESC, v.seq DESC, v.fact_id DESC) b
WHERE (b.document ->> 'blocked')::boolean OR coalesce(b.document ->> 'note', '') <> ''
ORDER BY b.key LIMIT @max_rows;

-- name: BookVehicles :many
-- Vehicles that were here, whose plate begins so, by plate, after one.
SELECT v.plate, v.display, v.class, v.first_at, v.last_at, v.blocked, v.note FROM vehicles v
WHERE v.site_id = @site_id AND v.plate COLLATE "C" > @after
    AND v.plate COLLATE "C" >= @prefix AND v.plate COLLATE "C" < @prefix::text || chr(1114111)
ORDER BY v.plate COLLATE "C" LIMIT @max_rows;
