-- +goose Up
-- Every key that a gate ever had. Facts are carried by neighbours, and may come
-- long after the machine that signed them was replaced or revoked.
CREATE TABLE gate_keys (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    gate       text NOT NULL,
    n          bigint GENERATED ALWAYS AS IDENTITY, -- the order in which they came
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    since      timestamptz NOT NULL,
    until      timestamptz,
    -- taken away by a person, not replaced by the next one
    revoked    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (site_id, gate, n),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    FOREIGN KEY (site_id, gate) REFERENCES gates (site_id, code),
    CHECK (until >= since),
    CHECK (NOT revoked OR until IS NOT NULL)
);
-- A gate has one key at a time.
CREATE UNIQUE INDEX gate_keys_now ON gate_keys (site_id, gate) WHERE until IS NULL;
INSERT INTO gate_keys (tenant_id, site_id, gate, public_key, since, until, revoked)
SELECT tenant_id, site_id, code, public_key, least(enrolled_at, coalesce(revoked_at, enrolled_at)), revoked_at, revoked_at IS NOT NULL
FROM gates WHERE public_key IS NOT NULL;

-- +goose Down
DROP TABLE gate_keys;
