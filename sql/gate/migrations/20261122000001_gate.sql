-- +goose Up
-- One gate's own database (WAL, synchronous=FULL). Times are milliseconds
-- since 1970 in UTC; documents are JSON.

-- Who this gate is: one row each of site, gate, key…
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Every start of this gate's process.
CREATE TABLE epochs (
    epoch      TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    -- the cloud's word: it has this epoch's facts gapless up to here, for good
    acked      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The offline event queue and, for at least 35 days, what was sent.
CREATE TABLE outbox (
    n         INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were written
    id        TEXT NOT NULL UNIQUE,
    epoch     TEXT NOT NULL REFERENCES epochs (epoch),
    seq       INTEGER NOT NULL CHECK (seq >= 1),
    kind      TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    stay      TEXT,
    encoded   BLOB NOT NULL, -- the bytes that were hashed and are sent
    hash      TEXT NOT NULL,
    -- set when the cloud has it for good
    acked_ms  INTEGER,
    -- set when the feed number that includes it has been applied here: until
    -- then the fact lies over the cloud's state
    covered   INTEGER NOT NULL DEFAULT 0 CHECK (covered IN (0, 1)),
    UNIQUE (epoch, seq)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (n) WHERE acked_ms IS NULL;
CREATE INDEX outbox_overlay ON outbox (n) WHERE covered = 0;
CREATE INDEX outbox_stay ON outbox (stay) WHERE stay IS NOT NULL;

-- The cloud's state at feed_seq (settings), as documents. What the guard sees
-- is this with the uncovered facts of the outbox laid over it.
CREATE TABLE stays (
    id         TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (state IN ('inside', 'left', 'voided')),
    plate      TEXT NOT NULL,
    -- when it left; stays that left long ago are dropped from the cache
    changed_ms INTEGER NOT NULL,
    document   TEXT NOT NULL CHECK (json_valid(document))
) STRICT;
CREATE INDEX stays_ended ON stays (changed_ms) WHERE state <> 'inside';

-- Vehicles that were here: what the gate knows of a plate that comes again.
CREATE TABLE vehicles (
    plate   TEXT PRIMARY KEY,
    display TEXT NOT NULL,
    class   TEXT NOT NULL,
    seen_ms INTEGER NOT NULL
) STRICT;

-- Open conflicts as the cloud last told them.
CREATE TABLE conflicts (
    id       TEXT PRIMARY KEY,
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

CREATE TABLE slots (
    code     TEXT PRIMARY KEY,
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

-- The site as the cloud last told it: gates, lanes, zones, tariffs, proofs.
CREATE TABLE site (
    name     TEXT PRIMARY KEY,
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

-- Guards who have signed in at this gate: a verifier of their password that
-- ends by the highest time ever seen here.
CREATE TABLE guards (
    name       TEXT PRIMARY KEY,
    display    TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('admin', 'guard')),
    verifier   TEXT NOT NULL, -- argon2id, PHC string
    until_ms   INTEGER NOT NULL
) STRICT;

-- Photos by content, under the data folder; sent later and separately.
CREATE TABLE photos (
    sha256  TEXT PRIMARY KEY,
    bytes   INTEGER NOT NULL CHECK (bytes > 0),
    at_ms   INTEGER NOT NULL,
    sent_ms INTEGER
) STRICT;
CREATE INDEX photos_waiting ON photos (at_ms) WHERE sent_ms IS NULL;

-- Facts after which a barrier was to open, so that a start shows what was not
-- finished.
CREATE TABLE lane_openings (
    fact      TEXT PRIMARY KEY,
    lane      TEXT NOT NULL,
    stay      TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    opened_ms INTEGER -- the barrier's answer
) STRICT;
CREATE INDEX lane_openings_at ON lane_openings (at_ms);

-- +goose Down
DROP TABLE lane_openings;
DROP TABLE photos;
DROP TABLE guards;
DROP TABLE site;
DROP TABLE conflicts;
DROP TABLE slots;
DROP TABLE vehicles;
DROP TABLE stays;
DROP TABLE outbox;
DROP TABLE epochs;
DROP TABLE settings;
