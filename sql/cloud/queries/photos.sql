-- name: AddPhoto :exec
INSERT INTO photos (tenant_id, site_id, sha256, bytes, gate, received_at)
VALUES (@tenant_id, @site_id, @sha256, @bytes, @gate, @received_at) ON CONFLICT DO NOTHING;

-- name: Photo :one
SELECT bytes, gate, received_at FROM photos WHERE site_id = @site_id AND sha256 = @sha256;
