-- What was heard stays for weeks, and the cloud covers it in seconds: what each
-- change of the feed marks as covered is found without reading all the rest.

-- +goose Up
CREATE INDEX heard_batches_uncovered ON heard_batches (gate, epoch, last_seq) WHERE covered = 0;

-- +goose Down
DROP INDEX heard_batches_uncovered;
