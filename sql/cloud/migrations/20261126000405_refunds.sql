-- +goose Up
-- What was given back in a period, for the Revenue page: rare among millions of facts.
CREATE INDEX facts_refunds ON facts (site_id, at) WHERE kind IN ('refund_paid', 'refunded');

-- +goose Down
DROP INDEX facts_refunds;
