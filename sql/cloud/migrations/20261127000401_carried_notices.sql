-- What gates know of banks' words, for a cloud that was restored from a backup
-- (docs/BANK.md).

-- +goose Up
ALTER TABLE bank_notices
    ADD told              boolean NOT NULL DEFAULT true, -- by the bank itself
    ADD carried_by        text, -- a gate that knows what came of it, and that is:
    ADD carried_stay      uuid,
    ADD carried_payment   uuid,
    ADD carried_reference text,
    ADD carried_heard_at  timestamptz, -- when the cloud knew of it first
    ADD CHECK (num_nonnulls(carried_by, carried_stay, carried_payment, carried_reference, carried_heard_at) IN (0, 5)),
    ADD CHECK (told OR carried_by IS NOT NULL AND site_id IS NOT NULL AND incoming AND amount > 0);

-- +goose Down
ALTER TABLE bank_notices DROP told, DROP carried_by, DROP carried_stay, DROP carried_payment, DROP carried_reference, DROP carried_heard_at;
