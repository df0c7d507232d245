-- +goose Up
-- The shift that a fact belongs to (docs/SHIFTS.md): it is what a shift's facts
-- are found by. No fact named one before.
ALTER TABLE facts ADD COLUMN shift_id uuid;
CREATE INDEX facts_shift ON facts (site_id, shift_id) WHERE shift_id IS NOT NULL;
CREATE INDEX facts_shift_at ON facts (site_id, at) INCLUDE (shift_id) WHERE shift_id IS NOT NULL;
-- What banks settled of a day, which no shift's facts name.
CREATE INDEX facts_confirmed ON facts (site_id, at) WHERE kind = 'payment_confirmed';

-- +goose Down
DROP INDEX facts_confirmed, facts_shift_at, facts_shift;
ALTER TABLE facts DROP COLUMN shift_id;
