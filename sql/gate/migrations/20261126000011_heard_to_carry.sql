-- What waits to be carried is found in its order without reading what has been
-- carried: with neighbours that is nearly all, for five weeks.

-- +goose Up
DROP INDEX heard_batches_to_carry;
CREATE INDEX heard_batches_to_carry ON heard_batches (gate, epoch, first_seq, last_seq) WHERE carried_ms IS NULL AND covered = 0;

-- +goose Down
DROP INDEX heard_batches_to_carry;
CREATE INDEX heard_batches_to_carry ON heard_batches (gate, epoch, first_seq) WHERE carried_ms IS NULL AND covered = 0;
