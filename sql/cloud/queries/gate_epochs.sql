-- name: GateEpoch :one
SELECT seq, hash, last_at FROM gate_epochs WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch;

-- name: GateEpochs :many
SELECT epoch, seq FROM gate_epochs WHERE site_id = @site_id AND gate = @gate;

-- name: PutGateEpoch :exec
INSERT INTO gate_epochs (tenant_id, site_id, gate, epoch, seq, hash, last_at)
VALUES (@tenant_id, @site_id, @gate, @epoch, @seq, @hash, @last_at)
ON CONFLICT (site_id, gate, epoch) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
    last_at = greatest(gate_epochs.last_at, excluded.last_at);

-- name: SetEpochStarted :exec
-- What the epoch's first fact says came before it.
UPDATE gate_epochs SET started_id = @started_id::uuid, prev_epoch = @prev_epoch::text, prev_seq = @prev_seq::bigint
WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch;

-- name: Branches :many
-- Pairs of epochs of a gate that may branch: f names e and less than is held
-- of it, or both name the same (nothing at all, too). One of each pair is
-- among epochs.
SELECT e.epoch AS e, f.epoch AS f,
    (CASE WHEN f.prev_epoch = e.epoch THEN 'after' WHEN f.prev_epoch = '' THEN 'new' ELSE 'same' END)::text AS how,
    f.prev_seq::bigint AS n
FROM gate_epochs e JOIN gate_epochs f ON f.site_id = e.site_id AND f.gate = e.gate AND f.epoch <> e.epoch
    AND ((f.prev_epoch = e.epoch AND f.prev_seq < e.seq)
        OR (f.prev_epoch = e.prev_epoch AND e.epoch COLLATE "C" < f.epoch COLLATE "C"))
WHERE e.site_id = @site_id AND e.gate = @gate AND e.started_id IS NOT NULL AND f.started_id IS NOT NULL
    AND (e.epoch = ANY (@epochs::text[]) OR f.epoch = ANY (@epochs::text[]));

-- name: EpochEnds :many
-- The first fact of an epoch after a seq, and its last.
(SELECT a.encoded FROM facts a WHERE a.site_id = @site_id AND a.gate = @gate AND a.epoch = @epoch AND a.seq > @after::bigint
ORDER BY a.seq LIMIT 1)
UNION ALL
(SELECT b.encoded FROM facts b WHERE b.site_id = @site_id AND b.gate = @gate AND b.epoch = @epoch AND b.seq > @after::bigint
ORDER BY b.seq DESC LIMIT 1);

-- name: OwnEpochs :many
-- Those of the cloud itself, in the order minted.
SELECT epoch, seq, hash, last_at FROM gate_epochs WHERE site_id = @site_id AND gate = 'cloud' ORDER BY epoch COLLATE "C";
