-- name: AddSlot :exec
INSERT INTO slots (tenant_id, site_id, code, zone_code, x, y, classes, home_gate)
VALUES (@tenant_id, @site_id, @code, @zone_code, @x, @y, @classes, @home_gate);

-- name: SlotsNow :many
-- Slots with who holds them; all slots when codes is empty.
SELECT s.code, s.zone_code, s.x, s.y, s.classes, s.home_gate, s.out_of_service, t.id AS stay_id
FROM slots s LEFT JOIN transactions t ON t.site_id = s.site_id AND t.slot_held = s.code
WHERE s.site_id = @site_id AND (cardinality(@codes::text[]) = 0 OR s.code = ANY (@codes::text[]))
ORDER BY s.code;

-- name: GrantSlot :one
-- The decision on a plan. Times are by the clock of the database, because the
-- clocks of two replicas may differ and a grant must end at one moment; this
-- is no business time. The row lock makes two grants take turns, and the
-- second sees the first.
UPDATE slots s SET grant_number = s.grant_number + 1, grant_gate = @gate::text, grant_token = @token::bytea,
    grant_until = clock_timestamp() + make_interval(secs => @ttl_seconds::double precision)
WHERE s.site_id = @site_id AND s.code = @code AND NOT s.out_of_service
    AND (s.grant_until IS NULL OR s.grant_until <= clock_timestamp())
    AND NOT EXISTS (SELECT FROM transactions t WHERE t.site_id = s.site_id AND t.slot_held = s.code)
RETURNING s.grant_number;

-- name: RenewSlot :one
UPDATE slots SET grant_until = clock_timestamp() + make_interval(secs => @ttl_seconds::double precision)
WHERE site_id = @site_id AND code = @code AND grant_gate = @gate::text AND grant_token = @token::bytea
    AND grant_until > clock_timestamp() AND NOT out_of_service
RETURNING grant_number;

-- name: ReleaseSlot :execrows
UPDATE slots SET grant_gate = NULL, grant_token = NULL, grant_until = NULL
WHERE site_id = @site_id AND code = @code AND grant_gate = @gate::text AND grant_token = @token::bytea;

-- name: SlotGrant :one
-- Why a slot cannot be granted.
SELECT s.home_gate, s.out_of_service, s.grant_gate, t.plate AS held_by,
    (CASE WHEN s.grant_until > clock_timestamp()
        THEN ceil(extract(epoch FROM s.grant_until - clock_timestamp()) * 1000) ELSE 0 END)::bigint AS left_ms,
    g.seen_at AS home_seen_at
FROM slots s JOIN gates g ON g.site_id = s.site_id AND g.code = s.home_gate
    LEFT JOIN transactions t ON t.site_id = s.site_id AND t.slot_held = s.code
WHERE s.site_id = @site_id AND s.code = @code;
