-- +goose Up
-- What neighbours told (docs/NEIGHBOURS.md): signed batches of other gates, or
-- of this one's earlier life that its disk does not know. A batch is its row
-- here with its facts between the two seqs.
CREATE TABLE heard_batches (
    n         INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL,
    gate      TEXT NOT NULL,
    epoch     TEXT NOT NULL,
    first_seq INTEGER NOT NULL CHECK (first_seq >= 1),
    last_seq  INTEGER NOT NULL CHECK (last_seq >= first_seq),
    signature BLOB NOT NULL,
    signer    BLOB NOT NULL, -- the key that signed it
    heard_ms  INTEGER NOT NULL,
    -- set when the cloud has answered to it
    carried_ms INTEGER,
    -- set when the feed covers all of it
    covered   INTEGER NOT NULL DEFAULT 0 CHECK (covered IN (0, 1)),
    UNIQUE (gate, epoch, first_seq, last_seq)
) STRICT;
CREATE INDEX heard_batches_to_carry ON heard_batches (gate, epoch, first_seq) WHERE carried_ms IS NULL AND covered = 0;

CREATE TABLE heard_facts (
    gate    TEXT NOT NULL,
    epoch   TEXT NOT NULL,
    seq     INTEGER NOT NULL CHECK (seq >= 1),
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL, -- '' when it cannot be read
    encoded BLOB NOT NULL, -- the bytes that were signed
    signer  BLOB NOT NULL,
    covered INTEGER NOT NULL DEFAULT 0 CHECK (covered IN (0, 1)),
    PRIMARY KEY (gate, epoch, seq)
) STRICT;
CREATE INDEX heard_facts_overlay ON heard_facts (gate, epoch, seq) WHERE covered = 0;
CREATE INDEX heard_facts_clocks ON heard_facts (gate) WHERE kind = 'clock_observed';

-- Up to where the cloud's state that was applied here includes each run's facts.
CREATE TABLE covered (
    gate  TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    PRIMARY KEY (gate, epoch)
) STRICT;

-- +goose Down
DROP TABLE covered;
DROP TABLE heard_facts;
DROP TABLE heard_batches;
