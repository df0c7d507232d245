-- name: AddVersion :batchexec
INSERT INTO versions (tenant_id, site_id, kind, key, from_at, at, epoch, seq, fact_id, document)
VALUES (@tenant_id, @site_id, @kind, @key, @from_at, @at, @epoch, @seq, @fact_id, @document);

-- name: Versions :many
-- All versions of some keys, each key's in the order in which they hold.
SELECT key, from_at, fact_id, document FROM versions
WHERE site_id = @site_id AND kind = @kind AND key = ANY (@keys::text[])
ORDER BY key, from_at, at, epoch COLLATE "C", seq, fact_id;

-- name: NewestVersions :many
-- The version of each key that begins last, for lists.
SELECT DISTINCT ON (key) key, from_at, fact_id, document FROM versions
WHERE site_id = @site_id AND kind = @kind
ORDER BY key, from_at DESC, at DESC, epoch COLLATE "C" DESC, seq DESC, fact_id DESC;

-- name: SetTokens :exec
-- The row of a token says what its newest version says.
INSERT INTO tokens (tenant_id, site_id, number, kind, state)
SELECT DISTINCT ON (v.key) v.tenant_id, v.site_id, v.key, v.document ->> 'type', v.document ->> 'state' FROM versions v
WHERE v.site_id = @site_id AND v.kind = 'token' AND v.key = ANY (@numbers::text[])
ORDER BY v.key, v.from_at DESC, v.at DESC, v.epoch COLLATE "C" DESC, v.seq DESC, v.fact_id DESC
ON CONFLICT (site_id, number) DO UPDATE SET kind = excluded.kind, state = excluded.state;

-- name: SetSlotsInService :exec
-- Slots follow their newest version.
UPDATE slots s SET out_of_service = v.out FROM (
    SELECT DISTINCT ON (key) key, (document ->> 'out_of_service')::boolean AS out
    FROM versions WHERE versions.site_id = @site_id AND kind = 'slot' AND key = ANY (@codes::text[])
    ORDER BY key, from_at DESC, at DESC, epoch COLLATE "C" DESC, seq DESC, fact_id DESC) v
WHERE s.site_id = @site_id AND s.code = v.key;

-- name: SlotService :many
-- Whether slots are in service: as the ground says, then each version in order.
SELECT s.code, s.ground_out_of_service, v.from_at, coalesce((v.document ->> 'out_of_service')::boolean, false)::boolean AS out_of_service
FROM slots s LEFT JOIN versions v ON v.site_id = s.site_id AND v.kind = 'slot' AND v.key = s.code
WHERE s.site_id = @site_id AND s.code = ANY (@codes::text[])
ORDER BY s.code, v.from_at, v.at, v.epoch COLLATE "C", v.seq, v.fact_id;
