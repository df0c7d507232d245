-- +goose Up
-- People, their rights, and what they did in the cloud.

CREATE TABLE users (
    tenant_id     uuid NOT NULL REFERENCES tenants (id),
    id            uuid PRIMARY KEY,
    name          text NOT NULL CHECK (name ~ '^[a-z0-9._-]{1,32}$'),
    display       text NOT NULL,
    password_hash text NOT NULL, -- argon2id, PHC string
    language      text NOT NULL DEFAULT 'vi' CHECK (language IN ('vi', 'en')),
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (name)
);

CREATE TABLE user_roles (
    tenant_id uuid NOT NULL,
    site_id   uuid NOT NULL,
    user_id   uuid NOT NULL,
    role      text NOT NULL CHECK (role IN ('admin', 'guard')),
    PRIMARY KEY (site_id, user_id),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);

-- Bearer tokens of people and gates: random, stored hashed, expiring, revocable.
CREATE TABLE access_tokens (
    tenant_id   uuid NOT NULL,
    hash        bytea PRIMARY KEY CHECK (length(hash) = 32),
    kind        text NOT NULL CHECK (kind IN ('session', 'api', 'gate')),
    user_id     uuid,
    site_id     uuid NOT NULL,
    gate        text,
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    CHECK ((kind = 'gate') = (gate IS NOT NULL)),
    CHECK ((kind = 'gate') = (user_id IS NULL)),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    FOREIGN KEY (site_id, gate) REFERENCES gates (site_id, code)
);
CREATE INDEX access_tokens_user ON access_tokens (user_id) WHERE user_id IS NOT NULL;

-- What a gate must sign to get a token: used once, within a minute. It lies
-- here and not in Redis, so that gates can sign in while Redis is away.
CREATE TABLE gate_challenges (
    site_id    uuid NOT NULL,
    gate       text NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the challenge
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (site_id, gate, hash),
    FOREIGN KEY (site_id, gate) REFERENCES gates (site_id, code)
);

-- Append-only; each entry carries the hash of the one before.
CREATE TABLE audit_log (
    tenant_id uuid NOT NULL,
    site_id   uuid NOT NULL,
    n         bigint NOT NULL CHECK (n >= 1),
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    action    text NOT NULL,
    subject   text NOT NULL,
    before    jsonb,
    after     jsonb,
    prev_hash bytea NOT NULL,
    hash      bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (site_id, n),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TRIGGER facts_append_only ON facts;
DROP TABLE audit_log, gate_challenges, access_tokens, user_roles, users;
DROP FUNCTION refuse_change();
