-- +goose Up
-- What banks told of transfers of a day, and of a payment (docs/LEAKAGE.md).
CREATE INDEX bank_notices_when ON bank_notices (site_id, (coalesce(bank_at, received_at)));
CREATE INDEX bank_notices_payment ON bank_notices (site_id, payment_id) WHERE payment_id IS NOT NULL;

-- +goose Down
DROP INDEX bank_notices_payment, bank_notices_when;
