-- name: ClaimsOfStays :many
SELECT slot_code, stay_id, fact_id, from_at FROM slot_claims WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]);

-- name: DropClaims :exec
DELETE FROM slot_claims WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]);

-- name: AddClaim :batchexec
INSERT INTO slot_claims (tenant_id, site_id, slot_code, stay_id, fact_id, from_at, until_at, valid, placed)
VALUES (@tenant_id, @site_id, @slot_code, @stay_id, @fact_id, @from_at, @until_at, @valid, false);

-- name: ClaimsOfSlots :many
-- The competing claims from from_at on, and whoever holds the slot at that
-- moment: what was decided before cannot change.
SELECT slot_code, stay_id, fact_id, from_at, until_at, placed FROM slot_claims
WHERE site_id = @site_id AND slot_code = ANY (@slots::text[]) AND valid
    AND (from_at >= @from_at OR (placed AND (until_at IS NULL OR until_at > @from_at)));

-- name: PlaceClaim :batchexec
UPDATE slot_claims SET placed = @placed
WHERE site_id = @site_id AND slot_code = @slot_code AND stay_id = @stay_id AND fact_id = @fact_id;

-- name: StaysClaimingSince :many
SELECT DISTINCT stay_id FROM slot_claims WHERE site_id = @site_id AND slot_code = @slot_code AND from_at >= @from_at;
