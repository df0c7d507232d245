-- name: AddGateKey :exec
INSERT INTO gate_keys (tenant_id, site_id, gate, public_key, since)
VALUES (@tenant_id, @site_id, @gate, @public_key, @since);

-- name: EndGateKey :exec
-- The gate's key ends, because it is revoked or the next one follows.
UPDATE gate_keys SET until = greatest(since, @now::timestamptz), revoked = @revoked
WHERE site_id = @site_id AND gate = @gate AND until IS NULL;

-- name: GateKeys :many
SELECT public_key, since, until, revoked FROM gate_keys WHERE site_id = @site_id AND gate = @gate ORDER BY n DESC;

-- name: SiteKeys :many
SELECT gate, public_key, since, until, revoked FROM gate_keys WHERE site_id = @site_id ORDER BY gate, n;
