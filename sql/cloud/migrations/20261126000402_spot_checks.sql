-- +goose Up
-- What an administrator saw when he compared the pictures of a stay
-- (docs/LEAKAGE.md). It is no fact: nothing of the site's state follows from it.
CREATE TABLE spot_checks (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    stay_id    uuid NOT NULL,
    verdict    text NOT NULL CHECK (verdict IN ('right', 'wrong', 'unclear')),
    checked_by text NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (site_id, stay_id),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);
CREATE INDEX spot_checks_wrong ON spot_checks (site_id, checked_at) WHERE verdict = 'wrong';

-- +goose Down
DROP TABLE spot_checks;
