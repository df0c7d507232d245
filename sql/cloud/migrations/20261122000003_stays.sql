-- +goose Up
-- State folded from facts. Rows here follow the facts; nothing but the
-- projection writes them.

CREATE TABLE vehicles (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    plate      text NOT NULL CHECK (length(plate) BETWEEN 1 AND 64),
    display    text NOT NULL,
    class      text NOT NULL,
    blocked    boolean NOT NULL DEFAULT false,
    note       text NOT NULL DEFAULT '',
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (site_id, plate),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

-- A stay. in_at is null for an exit whose IN is not known.
CREATE TABLE transactions (
    tenant_id      uuid NOT NULL,
    site_id        uuid NOT NULL,
    id             uuid NOT NULL,
    state          text NOT NULL CHECK (state IN ('inside', 'left', 'voided')),
    class          text NOT NULL,
    plate          text NOT NULL DEFAULT '',
    display        text NOT NULL DEFAULT '',
    token          text,
    zone_code      text NOT NULL DEFAULT '',
    slot_claimed   text, -- what its facts say
    slot_held      text, -- what the replay of that slot's claims gave it while inside
    in_at          timestamptz,
    in_gate        text,
    out_at         timestamptz,
    out_gate       text,
    tariff_id      text,
    tariff_version bigint,
    currency       text NOT NULL,
    fee            bigint CHECK (fee >= 0), -- as charged; null while inside
    paid           bigint NOT NULL DEFAULT 0,
    document       jsonb NOT NULL, -- the whole folded stay, as the feed carries it
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CHECK (state <> 'inside' OR (in_at IS NOT NULL AND out_at IS NULL)),
    CHECK (state <> 'left' OR out_at IS NOT NULL),
    CHECK ((out_at IS NULL) = (out_gate IS NULL)),
    CHECK ((in_at IS NULL) = (in_gate IS NULL)),
    CHECK (slot_held IS NULL OR (state = 'inside' AND slot_held = slot_claimed))
);
-- The proof that no slot is held twice. It never decides: the replay does.
CREATE UNIQUE INDEX transactions_slot_held ON transactions (site_id, slot_held) WHERE slot_held IS NOT NULL;
CREATE INDEX transactions_inside ON transactions (site_id, plate) WHERE state = 'inside';
CREATE INDEX transactions_in ON transactions (site_id, in_at DESC, id DESC);
CREATE INDEX transactions_when ON transactions (site_id, coalesce(in_at, out_at) DESC, id DESC);
CREATE INDEX transactions_out ON transactions (site_id, out_at DESC, id DESC) WHERE out_at IS NOT NULL;
CREATE INDEX transactions_plate ON transactions (site_id, plate);

-- Every claim that a stay made on a numbered slot, for the replay.
CREATE TABLE slot_claims (
    tenant_id uuid NOT NULL,
    site_id   uuid NOT NULL,
    slot_code text NOT NULL,
    stay_id   uuid NOT NULL,
    fact_id   uuid NOT NULL,
    from_at   timestamptz NOT NULL,
    until_at  timestamptz,
    valid     boolean NOT NULL, -- the slot exists and takes the stay's class: only valid claims compete
    placed    boolean NOT NULL,
    CHECK (valid OR NOT placed),
    PRIMARY KEY (site_id, slot_code, stay_id, fact_id)
);
CREATE INDEX slot_claims_stay ON slot_claims (site_id, stay_id);

CREATE TABLE payments (
    tenant_id    uuid NOT NULL,
    site_id      uuid NOT NULL,
    id           uuid NOT NULL,
    stay_id      uuid NOT NULL,
    method       text NOT NULL CHECK (method IN ('cash', 'vietqr', 'by_hand')),
    status       text NOT NULL CHECK (status IN ('pending', 'paid', 'expired', 'cancelled', 'refunded')),
    amount       bigint NOT NULL CHECK (amount > 0),
    currency     text NOT NULL,
    reference    text,
    gate         text NOT NULL,
    actor        text NOT NULL,
    requested_at timestamptz,
    paid_at      timestamptz,
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CHECK (status NOT IN ('paid', 'refunded') OR paid_at IS NOT NULL)
);
CREATE INDEX payments_stay ON payments (site_id, stay_id);
CREATE INDEX payments_paid ON payments (site_id, paid_at) WHERE paid_at IS NOT NULL;

-- A fact that contradicts another opens a conflict for a person; both stand.
CREATE TABLE conflicts (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    id         bytea NOT NULL CHECK (length(id) = 32), -- hash of the kind and the facts
    kind       text NOT NULL,
    facts      uuid[] NOT NULL,
    stays      uuid[] NOT NULL,
    slot_code  text,
    state      text NOT NULL CHECK (state IN ('open', 'withdrawn', 'settled')),
    at         timestamptz NOT NULL, -- business time of the later fact
    opened_at  timestamptz NOT NULL,
    closed_at  timestamptz,
    PRIMARY KEY (site_id, id),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CHECK ((state = 'open') = (closed_at IS NULL))
);
CREATE INDEX conflicts_open ON conflicts (site_id, opened_at) WHERE state = 'open';
CREATE INDEX conflicts_stays ON conflicts USING gin (stays);

-- Photos by content; the bytes lie in the photo folder of the cloud.
CREATE TABLE photos (
    tenant_id   uuid NOT NULL,
    site_id     uuid NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    bytes       integer NOT NULL CHECK (bytes > 0),
    gate        text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (site_id, sha256)
);

-- +goose Down
DROP TABLE photos, conflicts, payments, slot_claims, transactions, vehicles;
