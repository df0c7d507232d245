-- +goose Up
-- What every entry and exit looks up under the site's lock: neither the claims
-- of a slot nor the conflicts of a site that lie years back may slow it down.
CREATE INDEX slot_claims_from ON slot_claims (site_id, slot_code, from_at) WHERE valid;
CREATE INDEX slot_claims_until ON slot_claims (site_id, slot_code, until_at) WHERE valid AND placed;
CREATE INDEX conflicts_slot ON conflicts (site_id, slot_code, at) WHERE kind = 'slot_twice';

-- +goose Down
DROP INDEX slot_claims_from, slot_claims_until, conflicts_slot;
