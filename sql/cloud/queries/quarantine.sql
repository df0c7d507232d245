-- name: Quarantine :exec
INSERT INTO quarantine (tenant_id, site_id, gate, epoch, seq, sha256, raw, reason, received_at)
VALUES (@tenant_id, @site_id, @gate, @epoch, @seq, @sha256, @raw, @reason, @received_at)
ON CONFLICT DO NOTHING;

-- name: Quarantined :many
SELECT * FROM quarantine WHERE site_id = @site_id AND settled_at IS NULL ORDER BY received_at DESC LIMIT @max_rows;
