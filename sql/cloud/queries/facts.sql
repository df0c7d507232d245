-- name: AddFacts :exec
INSERT INTO facts (tenant_id, site_id, at, id, gate, epoch, seq, kind, stay_id, actor, encoded, subject, boot, shift_id, lane, signs)
SELECT @tenant_id, @site_id, unnest(@ats::timestamptz[]), unnest(@ids::uuid[]), @gate, @epoch, unnest(@seqs::bigint[]),
    unnest(@kinds::text[]), nullif(unnest(@stays::uuid[]), '00000000-0000-0000-0000-000000000000'),
    unnest(@actors::text[]), unnest(@encoded::bytea[]), nullif(unnest(@subjects::text[]), ''),
    nullif(unnest(@boots::text[]), ''), nullif(unnest(@shifts::uuid[]), '00000000-0000-0000-0000-000000000000'),
    nullif(unnest(@lanes::text[]), ''), string_to_array(nullif(unnest(@signs::text[]), ''), ' ');

-- name: FactsOfStays :many
SELECT encoded FROM facts WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]);

-- name: FactIDsOfStays :many
-- What a settlement must have seen.
SELECT id, stay_id FROM facts
WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]) AND kind = ANY (@kinds::text[]);

-- name: FactsAbout :many
-- Facts of these kinds about one of these subjects (see facts.subject).
SELECT encoded FROM facts
WHERE site_id = @site_id AND kind = ANY (@kinds::text[]) AND subject = ANY (@subjects::text[]);

-- name: StaysNamedWith :many
-- The stays that such facts name.
SELECT DISTINCT stay_id::uuid AS stay_id FROM facts
WHERE site_id = @site_id AND kind = ANY (@kinds::text[]) AND subject = ANY (@subjects::text[]) AND stay_id IS NOT NULL;

-- name: FactsOfBoot :many
-- What a gate wrote by a clock that was not known to be right.
SELECT encoded FROM facts WHERE site_id = @site_id AND gate = @gate AND boot = @boot::text;

-- name: FactsOfActor :many
-- What somebody did at gates from from_at on; what a clock may have misdated, whenever.
SELECT a.encoded FROM facts a
WHERE a.site_id = @site_id AND a.actor = @actor AND a.gate <> 'cloud' AND a.boot IS NULL AND a.at >= @from_at
UNION ALL
SELECT b.encoded FROM facts b WHERE b.site_id = @site_id AND b.actor = @actor AND b.gate <> 'cloud' AND b.boot IS NOT NULL;

-- name: LaneChanges :many
SELECT encoded FROM facts WHERE site_id = @site_id AND gate = @gate AND kind = 'lane_changed';
