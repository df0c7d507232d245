-- name: PlateBefore :many
-- Of some stays those that came while another of their plate was inside, and
-- which of these came last. Who is inside still is found by the IN, who left
-- by the OUT: neither reads the visits that had ended before.
SELECT h.id, h.in_at::timestamptz AS in_at, h.in_fact::uuid AS in_fact, e.id AS before_id, e.in_fact::uuid AS before_fact
FROM transactions h CROSS JOIN LATERAL (
    SELECT o.id, o.in_fact FROM (
        (SELECT a.id, a.in_at, a.in_fact FROM transactions a
        WHERE a.site_id = h.site_id AND a.plate = h.plate AND a.state = 'inside' AND (a.in_at, a.in_fact) < (h.in_at, h.in_fact)
        ORDER BY a.in_at DESC, a.in_fact DESC LIMIT 1)
        UNION ALL
        (SELECT l.id, l.in_at, l.in_fact FROM (
            SELECT b.id, b.in_at, b.in_fact FROM transactions b
            WHERE b.site_id = h.site_id AND b.plate = h.plate AND b.state = 'left' AND b.out_at > h.in_at OFFSET 0
        ) l WHERE (l.in_at, l.in_fact) < (h.in_at, h.in_fact)
        ORDER BY l.in_at DESC, l.in_fact DESC LIMIT 1)
    ) o ORDER BY o.in_at DESC, o.in_fact DESC LIMIT 1
) e
WHERE h.site_id = @site_id AND h.id = ANY (@ids::uuid[]) AND h.state <> 'voided' AND h.in_at IS NOT NULL AND h.plate <> ''
    AND (h.out_at IS NULL OR h.out_at > h.in_at);

-- name: TokenBefore :many
-- The same by the token that they hold.
SELECT h.id, h.in_at::timestamptz AS in_at, h.in_fact::uuid AS in_fact, e.id AS before_id, e.in_fact::uuid AS before_fact
FROM transactions h CROSS JOIN LATERAL (
    SELECT o.id, o.in_fact FROM (
        (SELECT a.id, a.in_at, a.in_fact FROM transactions a
        WHERE a.site_id = h.site_id AND a.token = h.token AND a.token_until IS NULL AND a.state <> 'voided'
            AND (a.in_at, a.in_fact) < (h.in_at, h.in_fact)
        ORDER BY a.in_at DESC, a.in_fact DESC LIMIT 1)
        UNION ALL
        (SELECT l.id, l.in_at, l.in_fact FROM (
            SELECT b.id, b.in_at, b.in_fact FROM transactions b
            WHERE b.site_id = h.site_id AND b.token = h.token AND b.token_until > h.in_at AND b.state <> 'voided' OFFSET 0
        ) l WHERE (l.in_at, l.in_fact) < (h.in_at, h.in_fact)
        ORDER BY l.in_at DESC, l.in_fact DESC LIMIT 1)
    ) o ORDER BY o.in_at DESC, o.in_fact DESC LIMIT 1
) e
WHERE h.site_id = @site_id AND h.id = ANY (@ids::uuid[]) AND h.state <> 'voided' AND h.in_at IS NOT NULL AND h.token IS NOT NULL
    AND (h.token_until IS NULL OR h.token_until > h.in_at);

-- name: PlateAfter :many
-- The stays that some stays may be the last before: who came next while one of
-- these was inside, and after that whoever found nobody inside who came
-- between. cover is the time until which somebody who did was inside; once that
-- is as late as the end of the first, the walk is over.
WITH RECURSIVE walk (plate, until_at, id, in_at, in_fact, cover, mine) AS (
    SELECT t.plate, coalesce(t.out_at, 'infinity'), t.id, t.in_at, t.in_fact, '-infinity'::timestamptz, '-infinity'::timestamptz
    FROM transactions t
    WHERE t.site_id = @site_id AND t.id = ANY (@ids::uuid[]) AND t.state <> 'voided' AND t.in_at IS NOT NULL AND t.plate <> ''
    UNION ALL
    SELECT w.plate, w.until_at, n.id, n.in_at, n.in_fact, greatest(w.cover, w.mine), coalesce(n.out_at, 'infinity')
    FROM walk w CROSS JOIN LATERAL (
        SELECT x.id, x.in_at, x.in_fact, x.out_at FROM transactions x
        WHERE x.site_id = @site_id AND x.plate = w.plate AND x.state <> 'voided' AND (x.in_at, x.in_fact) > (w.in_at, w.in_fact)
        ORDER BY x.in_at, x.in_fact LIMIT 1
    ) n
    WHERE n.in_at < w.until_at AND greatest(w.cover, w.mine) < w.until_at
)
SELECT DISTINCT id FROM walk WHERE cover <= in_at;

-- name: TokenAfter :many
-- The same by the token that they hold.
WITH RECURSIVE walk (token, until_at, id, in_at, in_fact, cover, mine) AS (
    SELECT t.token, coalesce(t.token_until, 'infinity'), t.id, t.in_at, t.in_fact, '-infinity'::timestamptz, '-infinity'::timestamptz
    FROM transactions t
    WHERE t.site_id = @site_id AND t.id = ANY (@ids::uuid[]) AND t.state <> 'voided' AND t.in_at IS NOT NULL AND t.token IS NOT NULL
    UNION ALL
    SELECT w.token, w.until_at, n.id, n.in_at, n.in_fact, greatest(w.cover, w.mine), coalesce(n.token_until, 'infinity')
    FROM walk w CROSS JOIN LATERAL (
        SELECT x.id, x.in_at, x.in_fact, x.token_until FROM transactions x
        WHERE x.site_id = @site_id AND x.token = w.token AND x.state <> 'voided' AND (x.in_at, x.in_fact) > (w.in_at, w.in_fact)
        ORDER BY x.in_at, x.in_fact LIMIT 1
    ) n
    WHERE n.in_at < w.until_at AND greatest(w.cover, w.mine) < w.until_at
)
SELECT DISTINCT id FROM walk WHERE cover <= in_at;

-- name: ExitsNaming :many
-- Exits with both a token and a plate, one of them among these, in a span.
SELECT a.id FROM transactions a
WHERE a.site_id = @site_id AND a.out_token = ANY (@tokens::text[]) AND a.out_plate IS NOT NULL AND a.state <> 'voided'
    AND a.out_at >= @from_at AND a.out_at <= coalesce(sqlc.narg('until_at')::timestamptz, 'infinity')
UNION
SELECT b.id FROM transactions b
WHERE b.site_id = @site_id AND b.out_plate = ANY (@plates::text[]) AND b.out_token IS NOT NULL AND b.state <> 'voided'
    AND b.out_at >= @from_at AND b.out_at <= coalesce(sqlc.narg('until_at')::timestamptz, 'infinity');

-- name: Mismatches :many
-- Of some exits those whose token and plate lead to different stays: the first
-- that held the token at that time, the first of that plate that was inside,
-- where none is both. As in PlateBefore, visits that had ended are not read.
SELECT x.id, x.out_at::timestamptz AS out_at, (x.document ->> 'out_fact')::uuid AS out_fact,
    k.id AS token_id, k.in_fact::uuid AS token_fact, p.id AS plate_id, p.in_fact::uuid AS plate_fact
FROM transactions x CROSS JOIN LATERAL (
    SELECT o.id, o.in_fact FROM (
        (SELECT a.id, a.in_at, a.in_fact FROM transactions a
        WHERE a.site_id = x.site_id AND a.token = x.out_token AND a.token_until IS NULL AND a.state <> 'voided' AND a.in_at <= x.out_at
        ORDER BY a.in_at, a.in_fact LIMIT 1)
        UNION ALL
        (SELECT l.id, l.in_at, l.in_fact FROM (
            SELECT b.id, b.in_at, b.in_fact FROM transactions b
            WHERE b.site_id = x.site_id AND b.token = x.out_token AND b.token_until >= x.out_at AND b.state <> 'voided' OFFSET 0
        ) l WHERE l.in_at <= x.out_at ORDER BY l.in_at, l.in_fact LIMIT 1)
    ) o ORDER BY o.in_at, o.in_fact LIMIT 1
) k CROSS JOIN LATERAL (
    SELECT o.id, o.in_fact FROM (
        (SELECT a.id, a.in_at, a.in_fact FROM transactions a
        WHERE a.site_id = x.site_id AND a.plate = x.out_plate AND a.state = 'inside' AND a.in_at <= x.out_at
        ORDER BY a.in_at, a.in_fact LIMIT 1)
        UNION ALL
        (SELECT l.id, l.in_at, l.in_fact FROM (
            SELECT b.id, b.in_at, b.in_fact FROM transactions b
            WHERE b.site_id = x.site_id AND b.plate = x.out_plate AND b.state = 'left' AND b.out_at >= x.out_at OFFSET 0
        ) l WHERE l.in_at <= x.out_at ORDER BY l.in_at, l.in_fact LIMIT 1)
    ) o ORDER BY o.in_at, o.in_fact LIMIT 1
) p
WHERE x.site_id = @site_id AND x.id = ANY (@ids::uuid[]) AND x.state = 'left' AND x.out_token IS NOT NULL AND x.out_plate IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM transactions o WHERE o.site_id = x.site_id AND o.token = x.out_token AND o.plate = x.out_plate
            AND o.token_until IS NULL AND o.state <> 'voided' AND o.in_at <= x.out_at)
    AND NOT EXISTS (
        SELECT FROM transactions o WHERE o.site_id = x.site_id AND o.token = x.out_token AND o.plate = x.out_plate
            AND o.token_until >= x.out_at AND o.state <> 'voided' AND o.in_at <= x.out_at);
