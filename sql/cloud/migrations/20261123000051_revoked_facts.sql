-- +goose Up
-- Facts of a revoked gate that an administrator imported: they can be read,
-- and wait for a person instead of a newer program.
ALTER TABLE quarantine ADD COLUMN revoked boolean NOT NULL DEFAULT false;
UPDATE quarantine SET revoked = true WHERE reason LIKE 'The gate was revoked before this fact came%';

-- +goose Down
ALTER TABLE quarantine DROP COLUMN revoked;
