-- name: AddLane :exec
INSERT INTO lanes (tenant_id, site_id, gate_code, code, direction, class, zone_code, barrier, cameras)
VALUES (@tenant_id, @site_id, @gate_code, @code, @direction, @class, @zone_code, @barrier, @cameras);

-- name: Lanes :many
SELECT * FROM lanes WHERE site_id = @site_id ORDER BY gate_code, code;

-- name: SetLaneDirection :execrows
UPDATE lanes SET direction = @direction
WHERE site_id = @site_id AND gate_code = @gate_code AND code = @code AND direction <> @direction;
