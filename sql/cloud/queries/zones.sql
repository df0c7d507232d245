-- name: AddZone :exec
INSERT INTO zones (tenant_id, site_id, code, name, kind, capacity)
VALUES (@tenant_id, @site_id, @code, @name, @kind, @capacity);

-- name: Zones :many
SELECT * FROM zones WHERE site_id = @site_id ORDER BY code;
