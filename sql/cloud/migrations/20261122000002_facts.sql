-- +goose Up
-- Facts in. processed_events is what makes each fact count once: it is spread
-- by site (its unique keys contain the partition key); the bodies lie in facts,
-- by month of business time.

CREATE TABLE processed_events (
    tenant_id   uuid NOT NULL,
    site_id     uuid NOT NULL,
    id          uuid NOT NULL,
    gate        text NOT NULL,
    epoch       text NOT NULL,
    seq         bigint NOT NULL CHECK (seq >= 1),
    at          timestamptz NOT NULL, -- where the body lies
    outcome     text NOT NULL CHECK (outcome IN ('applied', 'quarantined')),
    received_at timestamptz NOT NULL, -- kept, never computed with
    PRIMARY KEY (site_id, id),
    UNIQUE (site_id, gate, epoch, seq)
) PARTITION BY HASH (site_id);

CREATE TABLE facts (
    tenant_id   uuid NOT NULL,
    site_id     uuid NOT NULL,
    at          timestamptz NOT NULL,
    id          uuid NOT NULL,
    gate        text NOT NULL,
    epoch       text NOT NULL,
    seq         bigint NOT NULL,
    kind        text NOT NULL,
    stay_id     uuid,
    actor       text NOT NULL,
    encoded     bytea NOT NULL, -- the gate's own bytes: what was hashed and signed
    PRIMARY KEY (site_id, at, id)
) PARTITION BY RANGE (at);
CREATE INDEX facts_stay ON facts (site_id, stay_id) WHERE stay_id IS NOT NULL;
CREATE INDEX facts_lane_changed ON facts (site_id, gate) WHERE kind = 'lane_changed';
CREATE INDEX facts_gate ON facts (site_id, gate, epoch, seq);

CREATE TABLE facts_other PARTITION OF facts DEFAULT;

-- What cannot be decoded or applied is kept raw, counted as received, and shown.
CREATE TABLE quarantine (
    tenant_id   uuid NOT NULL,
    site_id     uuid NOT NULL,
    gate        text NOT NULL,
    epoch       text NOT NULL,
    seq         bigint NOT NULL,
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    raw         bytea NOT NULL,
    reason      text NOT NULL,
    received_at timestamptz NOT NULL,
    settled_at  timestamptz,
    settled_how text,
    PRIMARY KEY (site_id, gate, epoch, seq, sha256),
    CHECK ((settled_at IS NULL) = (settled_how IS NULL))
);

-- What the cloud holds of each run of each gate: gapless up to seq.
CREATE TABLE gate_epochs (
    tenant_id  uuid NOT NULL,
    site_id    uuid NOT NULL,
    gate       text NOT NULL,
    epoch      text NOT NULL,
    seq        bigint NOT NULL CHECK (seq >= 0),
    hash       text NOT NULL DEFAULT '', -- of the fact with that seq
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (site_id, gate, epoch)
);

-- The feed out: one row for each transaction that changed the site's state,
-- numbered without a gap in commit order by the counter in site_feeds.
CREATE TABLE site_feeds (
    tenant_id uuid NOT NULL,
    site_id   uuid PRIMARY KEY,
    feed_seq  bigint NOT NULL DEFAULT 0 CHECK (feed_seq >= 0),
    -- kept rows reach back to after this number; older ones need a snapshot
    trimmed   bigint NOT NULL DEFAULT 0,
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

CREATE TABLE feed (
    tenant_id    uuid NOT NULL,
    site_id      uuid NOT NULL,
    feed_seq     bigint NOT NULL CHECK (feed_seq >= 1),
    committed_at timestamptz NOT NULL,
    body         jsonb NOT NULL,
    PRIMARY KEY (site_id, feed_seq, committed_at)
) PARTITION BY RANGE (committed_at);
CREATE TABLE feed_other PARTITION OF feed DEFAULT;

-- One row: which database this is. New after every restore or promotion, so
-- that gates notice and make it whole again.
CREATE TABLE incarnation (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    id         uuid NOT NULL,
    created_at timestamptz NOT NULL
);

-- +goose StatementBegin
DO $$
DECLARE m date;
BEGIN
    FOR i IN 0..7 LOOP
        EXECUTE format('CREATE TABLE processed_events_%s PARTITION OF processed_events FOR VALUES WITH (MODULUS 8, REMAINDER %s)', i, i);
    END LOOP;
    FOR m IN SELECT generate_series('2026-01-01'::date, '2028-12-01'::date, '1 month')::date LOOP
        EXECUTE format('CREATE TABLE facts_%s PARTITION OF facts FOR VALUES FROM (%L) TO (%L)',
            to_char(m, 'YYYY_MM'), m::text || ' 00:00:00+00', (m + interval '1 month')::date::text || ' 00:00:00+00');
        EXECUTE format('CREATE TABLE feed_%s PARTITION OF feed FOR VALUES FROM (%L) TO (%L)',
            to_char(m, 'YYYY_MM'), m::text || ' 00:00:00+00', (m + interval '1 month')::date::text || ' 00:00:00+00');
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE incarnation, feed, site_feeds, gate_epochs, quarantine, facts, processed_events;
