-- +goose Up
-- Which discounts of the tariff guards may give at an exit, and to how many
-- stays a day each of them; administrators may give any.
ALTER TABLE sites
    ADD COLUMN guard_discounts text[] NOT NULL DEFAULT '{}' CHECK (cardinality(guard_discounts) <= 100),
    ADD COLUMN discounts_a_day integer NOT NULL DEFAULT 20 CHECK (discounts_a_day BETWEEN 0 AND 10000);

-- +goose Down
ALTER TABLE sites DROP COLUMN discounts_a_day, DROP COLUMN guard_discounts;
