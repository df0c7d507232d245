-- name: AddGate :exec
INSERT INTO gates (tenant_id, site_id, code, name, x, y, created_at)
VALUES (@tenant_id, @site_id, @code, @name, @x, @y, @created_at);

-- name: Gates :many
SELECT * FROM gates WHERE site_id = @site_id ORDER BY code;

-- name: Gate :one
SELECT * FROM gates WHERE site_id = @site_id AND code = @code;

-- name: SetGateCode :execrows
UPDATE gates SET code_hash = @code_hash, code_until = @code_until
WHERE site_id = @site_id AND code = @code;

-- name: SiteOfGateCode :one
-- Where the gate stands whose one-time code this is.
SELECT site_id FROM gates WHERE code_hash = @code_hash AND code_until > @now::timestamptz;

-- name: EnrolGate :one
-- One statement, so that a code is used once whoever else holds it.
UPDATE gates SET public_key = @public_key, machine = @machine, version = @version, enrolled_at = @now::timestamptz,
    revoked_at = NULL, code_hash = NULL, code_until = NULL
WHERE code_hash = @code_hash AND code_until > @now::timestamptz
RETURNING tenant_id, site_id, code;

-- name: RevokeGate :execrows
UPDATE gates SET revoked_at = @now::timestamptz, code_hash = NULL, code_until = NULL
WHERE site_id = @site_id AND code = @code AND revoked_at IS NULL;

-- name: SawGates :many
-- What gates said of themselves, for all sockets of a replica at once. A gate
-- that is not among the answers has lost its right to be connected.
UPDATE gates g SET seen_at = @now::timestamptz, version = u.version, rtt_ms = u.rtt_ms, queue = u.queue, clock_ms = u.clock_ms
FROM (SELECT unnest(@sites::uuid[]) AS site_id, unnest(@codes::text[]) AS code, unnest(@versions::text[]) AS version,
        unnest(@rtts_ms::int[]) AS rtt_ms, unnest(@queues::bigint[]) AS queue, unnest(@clocks_ms::bigint[]) AS clock_ms) u
WHERE g.site_id = u.site_id AND g.code = u.code AND g.revoked_at IS NULL AND g.public_key IS NOT NULL
RETURNING g.site_id, g.code;
