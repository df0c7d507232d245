-- What banks tell about transfers (docs/BANK.md).

-- +goose Up
CREATE TABLE bank_notices (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider    text NOT NULL CHECK (provider IN ('sepay', 'casso', 'payos')),
    transaction text NOT NULL CHECK (length(transaction) BETWEEN 1 AND 200),
    raw         bytea NOT NULL,
    received_at timestamptz NOT NULL,
    account     text NOT NULL,
    incoming    boolean NOT NULL,
    amount      bigint NOT NULL,
    purpose     text NOT NULL,
    refs        text[] NOT NULL, -- what may be payment references in its purpose
    bank_at     timestamptz,     -- the bank's own time
    tenant_id   uuid,
    site_id     uuid,            -- whose account it is; none for an account that no site has
    state       text NOT NULL CHECK (state IN ('new', 'review', 'settled', 'set_aside')),
    why         text NOT NULL DEFAULT '' CHECK (why IN ('', 'unknown_reference', 'too_little', 'too_much', 'after_exit',
        'reference_twice', 'wrong_account', 'outgoing', 'unreadable')),
    stay_id     uuid,
    payment_id  uuid,
    decided_by  text,            -- an administrator; none where it settled by itself
    decided_at  timestamptz,
    reason      text,
    UNIQUE (provider, transaction),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id),
    CHECK ((tenant_id IS NULL) = (site_id IS NULL)),
    CHECK ((state = 'review') = (why <> '')),
    CHECK (state <> 'settled' OR site_id IS NOT NULL AND stay_id IS NOT NULL AND payment_id IS NOT NULL AND incoming AND amount > 0),
    CHECK (state NOT IN ('settled', 'set_aside') OR decided_at IS NOT NULL)
);
CREATE INDEX bank_notices_open ON bank_notices (state, why) WHERE state IN ('new', 'review');
CREATE INDEX bank_notices_site ON bank_notices (site_id, id);

-- +goose Down
DROP TABLE bank_notices;
