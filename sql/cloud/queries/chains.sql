-- The chains of facts, read to be verified. They change nothing.

-- name: EpochHeads :many
SELECT gate, epoch, seq, hash FROM gate_epochs WHERE site_id = @site_id ORDER BY gate, epoch COLLATE "C";

-- name: ChainOfEpoch :many
-- Facts and what lies in quarantine, by seq: both were counted. Only one of
-- them stands at a seq; another in quarantine came second and was not counted.
SELECT f.seq, f.id, f.kind, f.at, f.stay_id, f.actor, f.encoded, true AS readable
FROM facts f WHERE f.site_id = @site_id AND f.gate = @gate AND f.epoch = @epoch AND f.seq > @after AND f.seq <= @last
UNION ALL
SELECT q.seq, q.fact_id, '', q.received_at, NULL, '', q.raw, false
FROM (SELECT DISTINCT ON (seq) seq, '00000000-0000-0000-0000-000000000000'::uuid AS fact_id, received_at, raw FROM quarantine
      WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch AND seq > @after AND seq <= @last ORDER BY seq, received_at) q
WHERE NOT EXISTS (SELECT FROM facts f WHERE f.site_id = @site_id AND f.gate = @gate AND f.epoch = @epoch AND f.seq = q.seq)
ORDER BY seq;

-- name: EpochsOfFacts :many
-- Runs that have facts, whether or not their head was kept.
SELECT DISTINCT gate, epoch FROM facts WHERE site_id = @site_id;
