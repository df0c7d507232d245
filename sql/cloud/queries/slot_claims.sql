-- name: ClaimsOfStays :many
SELECT slot_code, stay_id, fact_id, from_at FROM slot_claims WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]);

-- name: DropClaims :exec
DELETE FROM slot_claims WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]);

-- name: AddClaim :batchexec
INSERT INTO slot_claims (tenant_id, site_id, slot_code, stay_id, fact_id, from_at, until_at, valid, placed)
VALUES (@tenant_id, @site_id, @slot_code, @stay_id, @fact_id, @from_at, @until_at, @valid, false);

-- name: ClaimsOfSlots :many
-- The competing claims from from_at on, and whoever holds the slot at that
-- moment: what was decided before cannot change. In parts, so that each has its
-- index and the claims of years are not read.
SELECT a.slot_code, a.stay_id, a.fact_id, a.from_at, a.until_at, a.placed FROM slot_claims a
WHERE a.site_id = @site_id AND a.slot_code = ANY (@slots::text[]) AND a.valid AND a.from_at >= @from_at
UNION ALL
SELECT b.slot_code, b.stay_id, b.fact_id, b.from_at, b.until_at, b.placed FROM slot_claims b
WHERE b.site_id = @site_id AND b.slot_code = ANY (@slots::text[]) AND b.valid AND b.placed AND b.until_at IS NULL AND b.from_at < @from_at
UNION ALL
SELECT c.slot_code, c.stay_id, c.fact_id, c.from_at, c.until_at, c.placed FROM slot_claims c
WHERE c.site_id = @site_id AND c.slot_code = ANY (@slots::text[]) AND c.valid AND c.placed AND c.until_at > @from_at::timestamptz
    AND c.from_at < @from_at;

-- name: PlaceClaim :batchexec
UPDATE slot_claims SET placed = @placed
WHERE site_id = @site_id AND slot_code = @slot_code AND stay_id = @stay_id AND fact_id = @fact_id;

-- name: StaysClaimingSince :many
SELECT DISTINCT stay_id FROM slot_claims WHERE site_id = @site_id AND slot_code = @slot_code AND from_at >= @from_at;
