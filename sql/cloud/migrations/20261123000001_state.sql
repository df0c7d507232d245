-- +goose Up
-- What docs/STATE.md needs beside the rows that were there: by what facts can
-- be found again, versions, exits that found their entry, refunds, settlements.

-- boot is kept where a later clock_observed of it may move the fact's time
-- (clock wall or typed); subject is what a fact is about beside a stay: a
-- payment, an exit, a receipt's number, a boot, a conflict, a versioned key.
ALTER TABLE facts ADD COLUMN boot text, ADD COLUMN subject text;
CREATE INDEX facts_subject ON facts (site_id, kind, subject) WHERE subject IS NOT NULL;
CREATE INDEX facts_boot ON facts (site_id, gate, boot) WHERE boot IS NOT NULL;

-- The one change of rows that were written: columns that their bytes hold.
DROP TRIGGER facts_append_only ON facts;
UPDATE facts SET boot = left(convert_from(encoded, 'UTF8')::jsonb ->> 'boot', 64)
WHERE convert_from(encoded, 'UTF8')::jsonb ->> 'clock' IN ('wall', 'typed');
UPDATE facts SET subject = convert_from(encoded, 'UTF8')::jsonb -> 'body' ->> 'payment'
WHERE kind IN ('payment_requested', 'payment_taken');
CREATE TRIGGER facts_append_only BEFORE UPDATE ON facts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What holds for a key from a time on, by the cloud's own facts.
CREATE TABLE versions (
    tenant_id uuid NOT NULL,
    site_id   uuid NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('slot', 'pass', 'token', 'block', 'right')),
    key       text NOT NULL,
    from_at   timestamptz NOT NULL,
    at        timestamptz NOT NULL, -- of the fact; with epoch and seq its order
    epoch     text NOT NULL,
    seq       bigint NOT NULL,
    fact_id   uuid NOT NULL,
    document  jsonb NOT NULL, -- the fact's body
    PRIMARY KEY (site_id, kind, key, fact_id),
    FOREIGN KEY (tenant_id, site_id) REFERENCES sites (tenant_id, id)
);

-- Whether a slot is out of service when no version says so. out_of_service
-- itself follows the newest version.
ALTER TABLE slots ADD COLUMN ground_out_of_service boolean NOT NULL DEFAULT false;
UPDATE slots SET ground_out_of_service = out_of_service;

ALTER TABLE transactions
    ADD COLUMN out_token   text, -- as presented at the exit
    ADD COLUMN out_plate   text, -- as read at the exit
    ADD COLUMN in_fact     uuid,
    ADD COLUMN token_until timestamptz, -- the end of its hold on its token
    ADD COLUMN pass        text,
    ADD COLUMN pass_held   boolean NOT NULL DEFAULT false, -- it holds a place of its pass
    -- by its own facts alone: an exit that looks for its entry, or an entry without an exit
    ADD COLUMN match_role  text CHECK (match_role IN ('entry', 'exit')),
    ADD COLUMN match_plate text,
    ADD COLUMN into_id     uuid, -- the stay whose OUT this exit was
    ADD CHECK (into_id IS NULL OR state = 'voided'),
    ADD CHECK (NOT pass_held OR pass IS NOT NULL),
    ADD CHECK ((match_role IS NULL) = (match_plate IS NULL));
UPDATE transactions SET pass = nullif(document ->> 'pass', ''), out_plate = nullif(document ->> 'out_plate', ''),
    in_fact = CASE WHEN in_at IS NOT NULL THEN (document ->> 'in_fact')::uuid END, token_until = out_at,
    match_role = CASE WHEN state = 'inside' AND plate <> '' THEN 'entry' WHEN state = 'left' AND in_at IS NULL AND plate <> '' THEN 'exit' END,
    match_plate = CASE WHEN (state = 'inside' OR (state = 'left' AND in_at IS NULL)) AND plate <> '' THEN plate END;
ALTER TABLE transactions ADD CHECK ((in_at IS NULL) = (in_fact IS NULL));
CREATE INDEX transactions_token ON transactions (site_id, token, out_at) WHERE token IS NOT NULL;
CREATE INDEX transactions_out_token ON transactions (site_id, out_token, out_at) WHERE out_token IS NOT NULL;
CREATE INDEX transactions_out_plate ON transactions (site_id, out_plate, out_at) WHERE out_token IS NOT NULL;
CREATE INDEX transactions_pass ON transactions (site_id, pass, in_at) WHERE pass IS NOT NULL;
CREATE INDEX transactions_match ON transactions (site_id, match_plate) WHERE match_plate IS NOT NULL;
CREATE INDEX transactions_into ON transactions (site_id, into_id) WHERE into_id IS NOT NULL;

-- refunded is what refunds took of the amount.
ALTER TABLE payments ADD COLUMN refunded bigint NOT NULL DEFAULT 0, ADD COLUMN bank_at timestamptz;
UPDATE payments SET refunded = amount WHERE status = 'refunded';
ALTER TABLE payments ADD CHECK (refunded BETWEEN 0 AND amount), ADD CHECK ((status = 'refunded') = (refunded = amount)),
    ADD CHECK (refunded = 0 OR paid_at IS NOT NULL);
CREATE INDEX payments_reference ON payments (site_id, reference) WHERE reference IS NOT NULL;

-- subject is the group in which a conflict was judged (a reference, a receipt,
-- a pass, a boot, two epochs, a person); settled_… the fact that settles it.
ALTER TABLE conflicts ADD COLUMN subject text,
    ADD COLUMN settled_fact uuid, ADD COLUMN settled_how text, ADD COLUMN settled_reason text,
    ADD COLUMN settled_by text, ADD COLUMN settled_at timestamptz;
UPDATE conflicts SET state = 'open', closed_at = NULL WHERE state = 'settled'; -- nothing settled any yet
ALTER TABLE conflicts ADD CHECK ((state = 'settled') = (settled_fact IS NOT NULL)),
    ADD CHECK ((settled_fact IS NULL) = (settled_how IS NULL)), ADD CHECK ((settled_fact IS NULL) = (settled_by IS NULL)),
    ADD CHECK ((settled_fact IS NULL) = (settled_at IS NULL));
CREATE INDEX conflicts_subject ON conflicts (site_id, kind, subject) WHERE subject IS NOT NULL;

-- What an epoch's first fact says, if that can be read.
ALTER TABLE gate_epochs ADD COLUMN started_id uuid, ADD COLUMN prev_epoch text, ADD COLUMN prev_seq bigint,
    ADD CHECK ((started_id IS NULL) = (prev_epoch IS NULL)), ADD CHECK ((started_id IS NULL) = (prev_seq IS NULL));
UPDATE gate_epochs e SET started_id = f.id, prev_epoch = coalesce(f.doc -> 'body' ->> 'prev_epoch', ''),
    prev_seq = coalesce((f.doc -> 'body' ->> 'prev_seq')::bigint, 0)
FROM (SELECT site_id, gate, epoch, id, convert_from(encoded, 'UTF8')::jsonb AS doc FROM facts WHERE kind = 'started' AND seq = 1) f
WHERE f.site_id = e.site_id AND f.gate = e.gate AND f.epoch = e.epoch;
CREATE INDEX gate_epochs_prev ON gate_epochs (site_id, gate, prev_epoch) WHERE started_id IS NOT NULL;

CREATE INDEX quarantine_waiting ON quarantine (site_id, received_at) WHERE settled_at IS NULL;

-- +goose Down
DROP INDEX quarantine_waiting, gate_epochs_prev, conflicts_subject, payments_reference, facts_subject, facts_boot,
    transactions_token, transactions_out_token, transactions_out_plate, transactions_pass, transactions_match, transactions_into;
ALTER TABLE gate_epochs DROP COLUMN started_id, DROP COLUMN prev_epoch, DROP COLUMN prev_seq;
UPDATE conflicts SET state = 'open', closed_at = NULL, settled_fact = NULL, settled_how = NULL, settled_by = NULL, settled_at = NULL
WHERE state = 'settled';
ALTER TABLE conflicts DROP COLUMN subject, DROP COLUMN settled_fact, DROP COLUMN settled_how, DROP COLUMN settled_reason,
    DROP COLUMN settled_by, DROP COLUMN settled_at;
ALTER TABLE payments DROP COLUMN refunded, DROP COLUMN bank_at;
ALTER TABLE transactions DROP COLUMN out_token, DROP COLUMN out_plate, DROP COLUMN in_fact, DROP COLUMN token_until,
    DROP COLUMN pass, DROP COLUMN pass_held, DROP COLUMN match_role, DROP COLUMN match_plate, DROP COLUMN into_id;
ALTER TABLE slots DROP COLUMN ground_out_of_service;
DROP TABLE versions;
ALTER TABLE facts DROP COLUMN boot, DROP COLUMN subject;
