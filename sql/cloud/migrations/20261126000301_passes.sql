-- +goose Up
-- Passes, cards and the block list as people keep them (docs/PASSES.md).

-- Gates fetch versions in the order in which they were written.
CREATE INDEX versions_written ON versions (site_id, epoch COLLATE "C", seq) WHERE kind IN ('pass', 'token', 'block');
CREATE INDEX versions_key ON versions (site_id, kind, key, from_at);
CREATE INDEX vehicles_plate ON vehicles (site_id, plate COLLATE "C");

-- Stays that were priced by a pass which followed the one that they came on:
-- a few in a month.
CREATE INDEX transactions_follows ON transactions (site_id) WHERE document -> 'charge' -> 'follows' IS NOT NULL;

-- Whose a pass is. A person can ask to be forgotten, so that it is no fact:
-- nothing is computed with it, and gates do not have it.
CREATE TABLE pass_holders (
    tenant_id uuid NOT NULL,
    site_id   uuid NOT NULL,
    pass      text NOT NULL CHECK (length(pass) BETWEEN 1 AND 32),
    name      text NOT NULL DEFAULT '' CHECK (length(name) <= 100),
    phone     text NOT NULL DEFAULT '' CHECK (length(phone) <= 40),
    note      text NOT NULL DEFAULT '' CHECK (length(note) <= 300),
    PRIMARY KEY (site_id, pass),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

-- +goose Down
DROP TABLE pass_holders;
DROP INDEX transactions_follows, vehicles_plate, versions_key, versions_written;
