-- +goose Up
-- Messages from administrators to the guards (docs/PASSES.md): versions that gates
-- fetch with passes, cards and the block list. Who has read them is asked of the
-- facts (message_read; facts_subject finds them).
ALTER TABLE versions DROP CONSTRAINT versions_kind_check,
    ADD CONSTRAINT versions_kind_check CHECK (kind IN ('slot', 'pass', 'token', 'block', 'message', 'right'));
DROP INDEX versions_written;
CREATE INDEX versions_written ON versions (site_id, epoch COLLATE "C", seq) WHERE kind IN ('pass', 'token', 'block', 'message');

-- +goose Down
DROP INDEX versions_written;
DELETE FROM versions WHERE kind = 'message';
CREATE INDEX versions_written ON versions (site_id, epoch COLLATE "C", seq) WHERE kind IN ('pass', 'token', 'block');
ALTER TABLE versions DROP CONSTRAINT versions_kind_check,
    ADD CONSTRAINT versions_kind_check CHECK (kind IN ('slot', 'pass', 'token', 'block', 'right'));
