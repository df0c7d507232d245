-- name: AddFacts :exec
INSERT INTO facts (tenant_id, site_id, at, id, gate, epoch, seq, kind, stay_id, actor, encoded)
SELECT @tenant_id, @site_id, unnest(@ats::timestamptz[]), unnest(@ids::uuid[]), @gate, @epoch, unnest(@seqs::bigint[]),
    unnest(@kinds::text[]), nullif(unnest(@stays::uuid[]), '00000000-0000-0000-0000-000000000000'),
    unnest(@actors::text[]), unnest(@encoded::bytea[]);

-- name: FactsOfStays :many
SELECT stay_id, encoded FROM facts WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]);

-- name: LaneChanges :many
SELECT encoded FROM facts WHERE site_id = @site_id AND gate = @gate AND kind = 'lane_changed';
