-- +goose Up
-- Who may offer a slot (docs/SLOTS.md): its home, or the gate that the home has
-- lent it to. loan_number rises with every loan that was decided; a gate is in
-- loan_to only after the home has acknowledged.
ALTER TABLE slots
    ADD COLUMN loan_number      bigint NOT NULL DEFAULT 0 CHECK (loan_number >= 0),
    ADD COLUMN loan_to          text,
    ADD COLUMN loan_epoch       text NOT NULL DEFAULT '', -- the run of that gate
    -- the cloud's incarnation in which the home agreed; under another one the
    -- loan gives no right and waits to be returned
    ADD COLUMN loan_incarnation uuid,
    ADD COLUMN loan_recalled    boolean NOT NULL DEFAULT false,
    -- a question to the home that is under way, about number loan_number + 1
    ADD COLUMN ask_to           text,
    ADD COLUMN ask_epoch        text NOT NULL DEFAULT '',
    ADD COLUMN ask_incarnation  uuid,
    ADD COLUMN ask_for_good     boolean NOT NULL DEFAULT false,
    ADD COLUMN asked_at         timestamptz, -- by the clock of this database
    -- the home that an administrator wants; it holds once the old home agrees
    ADD COLUMN home_wanted      text,
    ADD FOREIGN KEY (site_id, loan_to) REFERENCES gates (site_id, code),
    ADD FOREIGN KEY (site_id, ask_to) REFERENCES gates (site_id, code),
    ADD FOREIGN KEY (site_id, home_wanted) REFERENCES gates (site_id, code),
    ADD CHECK ((loan_to IS NULL) = (loan_incarnation IS NULL)),
    ADD CHECK (loan_to IS NULL OR loan_number > 0),
    ADD CHECK ((ask_to IS NULL) = (ask_incarnation IS NULL) AND (ask_to IS NULL) = (asked_at IS NULL)),
    ADD CHECK (ask_to IS NULL OR loan_to IS NULL), -- what is lent cannot be lent again
    ADD CHECK (ask_to IS NULL OR ask_to <> home_gate);
-- What the cloud has to ask about, a few rows of all.
CREATE INDEX slots_loan_work ON slots (site_id, code) WHERE ask_to IS NOT NULL OR loan_recalled OR home_wanted IS NOT NULL;
CREATE INDEX slots_lent ON slots (site_id, loan_to) WHERE loan_to IS NOT NULL;

-- +goose Down
ALTER TABLE slots DROP COLUMN loan_number, DROP COLUMN loan_to, DROP COLUMN loan_epoch, DROP COLUMN loan_incarnation,
    DROP COLUMN loan_recalled, DROP COLUMN ask_to, DROP COLUMN ask_epoch, DROP COLUMN ask_incarnation, DROP COLUMN ask_for_good,
    DROP COLUMN asked_at, DROP COLUMN home_wanted;
