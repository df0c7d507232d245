-- +goose Up
-- Tenants, sites and what stands on a site's ground. Codes (gate, zone, slot,
-- lane, class) are unique within a site and never change; names may.

CREATE TABLE tenants (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL
);

CREATE TABLE sites (
    tenant_id      uuid NOT NULL REFERENCES tenants (id),
    id             uuid NOT NULL UNIQUE,
    code           text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9_-]{1,32}$'),
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    timezone       text NOT NULL,
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    language       text NOT NULL DEFAULT 'vi' CHECK (language IN ('vi', 'en')),
    tariff_id      text NOT NULL,
    tariff_version integer NOT NULL,
    exit_proof     jsonb NOT NULL DEFAULT '{}',
    bank_bin       text NOT NULL DEFAULT '' CHECK (bank_bin ~ '^([0-9]{6})?$'),
    bank_account   text NOT NULL DEFAULT '' CHECK (length(bank_account) <= 19),
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE tariffs (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    id         text NOT NULL,
    version    integer NOT NULL CHECK (version >= 1),
    document   jsonb NOT NULL,
    from_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (site_id, id, version),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

CREATE TABLE gates (
    tenant_id     uuid NOT NULL,
    site_id       uuid NOT NULL,
    code          text NOT NULL CHECK (code ~ '^[A-Za-z0-9_-]{1,32}$' AND code <> 'cloud'),
    name          text NOT NULL,
    x             double precision NOT NULL,
    y             double precision NOT NULL,
    -- enrolment: a one-time code (hashed) until used, then the gate's key
    code_hash     bytea,
    code_until    timestamptz,
    public_key    bytea CHECK (public_key IS NULL OR length(public_key) = 32),
    machine       text NOT NULL DEFAULT '',
    enrolled_at   timestamptz,
    revoked_at    timestamptz,
    -- last heard of it; overwritten by every connection, never part of the canonical state
    seen_at       timestamptz,
    version       text NOT NULL DEFAULT '',
    rtt_ms        integer,
    queue         bigint NOT NULL DEFAULT 0,
    clock_ms      bigint NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (site_id, code),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CHECK ((code_hash IS NULL) = (code_until IS NULL)),
    CHECK (public_key IS NULL OR enrolled_at IS NOT NULL)
);

CREATE TABLE zones (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    code       text NOT NULL CHECK (code ~ '^[A-Za-z0-9_-]{1,32}$'),
    name       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('numbered', 'counted')),
    capacity   jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (site_id, code),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

CREATE TABLE slots (
    tenant_id      uuid NOT NULL,
    site_id        uuid NOT NULL,
    code           text NOT NULL CHECK (code ~ '^[A-Za-z0-9_-]{1,32}$'),
    zone_code      text NOT NULL,
    x              double precision NOT NULL,
    y              double precision NOT NULL,
    classes        text[] NOT NULL CHECK (cardinality(classes) > 0),
    home_gate      text NOT NULL,
    out_of_service boolean NOT NULL DEFAULT false,
    -- a plan granted to a gate: the number rises with every grant, so that no
    -- plan is granted or renewed on an old one (Redis coordinates, this row decides)
    grant_number   bigint NOT NULL DEFAULT 0,
    grant_gate     text,
    grant_token    bytea CHECK (grant_token IS NULL OR length(grant_token) = 32), -- SHA-256 of the holder's token
    grant_until    timestamptz, -- by the clock of this database, which all replicas share
    PRIMARY KEY (site_id, code),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    FOREIGN KEY (site_id, zone_code) REFERENCES zones (site_id, code),
    FOREIGN KEY (site_id, home_gate) REFERENCES gates (site_id, code),
    CHECK ((grant_gate IS NULL) = (grant_until IS NULL)),
    CHECK ((grant_gate IS NULL) = (grant_token IS NULL))
);

CREATE TABLE lanes (
    tenant_id    uuid NOT NULL,
    site_id      uuid NOT NULL,
    gate_code    text NOT NULL,
    code         text NOT NULL CHECK (code ~ '^[1-6]$'),
    direction    text NOT NULL CHECK (direction IN ('in', 'out')),
    class        text NOT NULL,
    zone_code    text,
    barrier      boolean NOT NULL DEFAULT true,
    cameras      jsonb NOT NULL DEFAULT '[]', -- [{"role":"plate|face|overview","name":…}], 1 to 4
    PRIMARY KEY (site_id, gate_code, code),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    FOREIGN KEY (site_id, gate_code) REFERENCES gates (site_id, code),
    FOREIGN KEY (site_id, zone_code) REFERENCES zones (site_id, code),
    CHECK (jsonb_array_length(cameras) <= 4)
);

CREATE TABLE tokens (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    number     text NOT NULL CHECK (length(number) BETWEEN 1 AND 64),
    kind       text NOT NULL CHECK (kind IN ('card', 'ticket')),
    state      text NOT NULL CHECK (state IN ('stock', 'issued', 'blocked', 'lost')),
    PRIMARY KEY (site_id, number),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

-- +goose Down
DROP TABLE tokens, lanes, slots, zones, gates, tariffs, sites, tenants;
