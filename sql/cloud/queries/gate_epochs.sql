-- name: GateEpoch :one
SELECT seq, hash, last_at FROM gate_epochs WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch;

-- name: GateEpochs :many
SELECT epoch, seq FROM gate_epochs WHERE site_id = @site_id AND gate = @gate;

-- name: SiteCovers :many
-- How far the runs of all gates of a site are held: those that lived since, and
-- the newest of each gate, whose clock may have told another century.
SELECT gate, epoch, seq FROM (
    SELECT gate, epoch, seq, last_at, row_number() OVER (PARTITION BY gate ORDER BY epoch COLLATE "C" DESC) AS nth
    FROM gate_epochs WHERE site_id = @site_id AND gate <> 'cloud'
) e WHERE last_at >= @since::timestamptz OR nth <= @newest::bigint ORDER BY gate, epoch COLLATE "C";

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
-- among epochs; from there the other is looked up, however often the gate was
-- started before.
SELECT e.epoch AS e, f.epoch AS f, 'after'::text AS how, f.prev_seq::bigint AS n
FROM gate_epochs e JOIN gate_epochs f ON f.site_id = e.site_id AND f.gate = e.gate AND f.prev_epoch = e.epoch AND f.prev_seq < e.seq
WHERE e.site_id = @site_id AND e.gate = @gate AND e.started_id IS NOT NULL AND f.started_id IS NOT NULL
    AND f.epoch <> e.epoch AND e.epoch = ANY (@epochs::text[])
UNION
SELECT e.epoch, f.epoch, 'after', f.prev_seq
FROM gate_epochs f JOIN gate_epochs e ON e.site_id = f.site_id AND e.gate = f.gate AND e.epoch = f.prev_epoch AND f.prev_seq < e.seq
WHERE f.site_id = @site_id AND f.gate = @gate AND e.started_id IS NOT NULL AND f.started_id IS NOT NULL
    AND f.epoch <> e.epoch AND f.epoch = ANY (@epochs::text[])
UNION
SELECT least(a.epoch COLLATE "C", b.epoch COLLATE "C"), greatest(a.epoch COLLATE "C", b.epoch COLLATE "C"),
    CASE WHEN a.prev_epoch = '' THEN 'new' ELSE 'same' END, 0
FROM gate_epochs a JOIN gate_epochs b ON b.site_id = a.site_id AND b.gate = a.gate AND b.prev_epoch = a.prev_epoch AND b.epoch <> a.epoch
WHERE a.site_id = @site_id AND a.gate = @gate AND a.started_id IS NOT NULL AND b.started_id IS NOT NULL
    AND a.epoch = ANY (@epochs::text[]);

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
