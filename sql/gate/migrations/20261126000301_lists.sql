-- +goose Up
-- What people wrote of passes, cards and the block list (docs/PASSES.md), as the
-- cloud told it: what holds for a key from a time on. incarnation is that of the
-- cloud's database that told it last.
CREATE TABLE list_versions (
    kind        TEXT NOT NULL CHECK (kind IN ('pass', 'token', 'block')),
    key         TEXT NOT NULL,
    from_ms     INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL, -- when it was written; with epoch and seq its order
    epoch       TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    document    TEXT NOT NULL CHECK (json_valid(document)),
    PRIMARY KEY (kind, key, epoch, seq)
) STRICT;

-- +goose Down
DROP TABLE list_versions;
