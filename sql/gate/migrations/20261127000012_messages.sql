-- +goose Up
-- Messages to the guards are versions as passes, cards and the block list are
-- (docs/PASSES.md). SQLite cannot change a CHECK: the table is made anew.
CREATE TABLE list_versions_new (
    kind        TEXT NOT NULL CHECK (kind IN ('pass', 'token', 'block', 'message')),
    key         TEXT NOT NULL,
    from_ms     INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL, -- when it was written; with epoch and seq its order
    epoch       TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    document    TEXT NOT NULL CHECK (json_valid(document)),
    PRIMARY KEY (kind, key, epoch, seq)
) STRICT;
INSERT INTO list_versions_new SELECT kind, key, from_ms, at_ms, epoch, seq, incarnation, document FROM list_versions;
DROP TABLE list_versions;
ALTER TABLE list_versions_new RENAME TO list_versions;

-- The program of before passed messages over: the lists are read from their begin
-- once more, and what is here stays good meanwhile.
DELETE FROM settings WHERE name = 'lists_mark' AND value LIKE '%…';
UPDATE settings SET value = substr(value, 1, instr(value, ' ')) WHERE name = 'lists_mark';

-- Messages that were read at this gate, written in the transaction of the facts
-- that say so, and kept for as long as the cloud tells of the message.
CREATE TABLE messages_read (
    message TEXT PRIMARY KEY,
    at_ms   INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE messages_read;
CREATE TABLE list_versions_old (
    kind        TEXT NOT NULL CHECK (kind IN ('pass', 'token', 'block')),
    key         TEXT NOT NULL,
    from_ms     INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    epoch       TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    document    TEXT NOT NULL CHECK (json_valid(document)),
    PRIMARY KEY (kind, key, epoch, seq)
) STRICT;
INSERT INTO list_versions_old SELECT kind, key, from_ms, at_ms, epoch, seq, incarnation, document FROM list_versions WHERE kind <> 'message';
DROP TABLE list_versions;
ALTER TABLE list_versions_old RENAME TO list_versions;
