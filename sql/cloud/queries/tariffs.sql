-- name: AddTariff :exec
INSERT INTO tariffs (tenant_id, site_id, id, version, document, from_at, created_at)
VALUES (@tenant_id, @site_id, @id, @version, @document, @from_at, @created_at);

-- name: Tariffs :many
SELECT id, version, document FROM tariffs WHERE site_id = @site_id ORDER BY id, version;
