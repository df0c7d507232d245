-- name: KnownEvents :many
-- Which of these ids, or which seqs of this run, were counted before.
SELECT id, gate, epoch, seq, outcome FROM processed_events
WHERE site_id = @site_id AND (id = ANY (@ids::uuid[])
    OR (gate = @gate AND epoch = @epoch AND seq BETWEEN @first::bigint AND @last::bigint));

-- name: AddEvents :exec
INSERT INTO processed_events (tenant_id, site_id, id, gate, epoch, seq, at, outcome, received_at)
SELECT @tenant_id, @site_id, unnest(@ids::uuid[]), @gate, @epoch, unnest(@seqs::bigint[]), unnest(@ats::timestamptz[]),
    @outcome, @received_at;

-- name: CountQuarantined :exec
-- Nothing to count when the seq was counted by another fact.
INSERT INTO processed_events (tenant_id, site_id, id, gate, epoch, seq, at, outcome, received_at)
VALUES (@tenant_id, @site_id, @id, @gate, @epoch, @seq, @at, 'quarantined', @at) ON CONFLICT DO NOTHING;

-- name: Uncount :execrows
-- An item that was counted in quarantine and can be read now is counted anew
-- under the fact's own id.
DELETE FROM processed_events WHERE site_id = @site_id AND id = @id AND outcome = 'quarantined';
