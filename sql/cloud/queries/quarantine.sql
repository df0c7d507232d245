-- name: Quarantine :execrows
INSERT INTO quarantine (tenant_id, site_id, gate, epoch, seq, sha256, raw, reason, revoked, received_at)
VALUES (@tenant_id, @site_id, @gate, @epoch, @seq, @sha256, @raw, @reason, @revoked, @received_at)
ON CONFLICT DO NOTHING;

-- name: Quarantined :many
SELECT * FROM quarantine WHERE site_id = @site_id AND settled_at IS NULL ORDER BY received_at DESC LIMIT @max_rows;

-- name: QuarantinePage :many
-- What waits to be readable, in the order of its gates, after one item.
SELECT gate, epoch, seq, sha256, raw, reason FROM quarantine
WHERE site_id = @site_id AND settled_at IS NULL AND (@with_revoked::boolean OR NOT revoked)
    AND (gate, epoch, seq, sha256) > (@gate::text, @epoch::text, @seq::bigint, @sha256::bytea)
ORDER BY gate, epoch, seq, sha256 LIMIT @max_rows;

-- name: SettleQuarantined :exec
UPDATE quarantine SET settled_at = @settled_at::timestamptz, settled_how = @settled_how::text
WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch AND seq = @seq AND sha256 = @sha256;

-- name: SitesInQuarantine :many
SELECT DISTINCT site_id FROM quarantine WHERE settled_at IS NULL AND NOT revoked;
