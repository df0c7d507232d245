-- Receipts (docs/RECEIPTS.md): what the operator has printed on them, and how
-- they are found by series and number.

-- +goose Up
ALTER TABLE sites
    ADD COLUMN operator     text NOT NULL DEFAULT '' CHECK (length(operator) <= 200),
    ADD COLUMN address      text NOT NULL DEFAULT '' CHECK (length(address) <= 200),
    ADD COLUMN tax_code     text NOT NULL DEFAULT '' CHECK (tax_code ~ '^([0-9]{10}(-[0-9]{3})?|[0-9]{12})?$'),
    ADD COLUMN receipt_note text NOT NULL DEFAULT '' CHECK (length(receipt_note) <= 400),
    ADD COLUMN tax_percent  integer NOT NULL DEFAULT 0 CHECK (tax_percent BETWEEN 0 AND 100); -- within the fee
CREATE INDEX facts_receipts ON facts (site_id, split_part(subject, ' ', 1), (split_part(subject, ' ', 2)::bigint)) WHERE kind = 'receipt_issued';
CREATE INDEX facts_receipts_at ON facts (site_id, at) WHERE kind = 'receipt_issued';

-- +goose Down
DROP INDEX facts_receipts_at;
DROP INDEX facts_receipts;
ALTER TABLE sites DROP COLUMN tax_percent, DROP COLUMN receipt_note, DROP COLUMN tax_code, DROP COLUMN address, DROP COLUMN operator;
