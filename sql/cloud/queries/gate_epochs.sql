-- name: GateEpoch :one
SELECT seq, hash, last_at FROM gate_epochs WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch;

-- name: GateEpochs :many
SELECT epoch, seq FROM gate_epochs WHERE site_id = @site_id AND gate = @gate;

-- name: PutGateEpoch :exec
INSERT INTO gate_epochs (tenant_id, site_id, gate, epoch, seq, hash, last_at)
VALUES (@tenant_id, @site_id, @gate, @epoch, @seq, @hash, @last_at)
ON CONFLICT (site_id, gate, epoch) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
    last_at = greatest(gate_epochs.last_at, excluded.last_at);

-- name: OwnEpochs :many
-- Those of the cloud itself, in the order minted.
SELECT epoch, seq, hash, last_at FROM gate_epochs WHERE site_id = @site_id AND gate = 'cloud' ORDER BY epoch COLLATE "C";
