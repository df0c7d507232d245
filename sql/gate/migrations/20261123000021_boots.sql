-- +goose Up
-- What the gate believed of the time in each boot of its machine, and what it
-- learned later. Times at which a boot's monotonic clock stood at 0 are
-- milliseconds since 1970.
CREATE TABLE boots (
    n             INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were seen
    boot          TEXT NOT NULL UNIQUE,
    wall_ms       INTEGER NOT NULL, -- by the wall clock, when it was first looked at
    guess_ms      INTEGER NOT NULL, -- by what the gate went by: the wall clock, or what was typed
    dead          INTEGER NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)), -- the wall clock told an impossible time
    typed         INTEGER NOT NULL DEFAULT 0 CHECK (typed IN (0, 1)),
    stepped       INTEGER NOT NULL DEFAULT 0 CHECK (stepped IN (0, 1)), -- the wall clock was set meanwhile
    guessed       INTEGER NOT NULL DEFAULT 0 CHECK (guessed IN (0, 1)), -- facts were written by guess
    -- the cloud's time minus the wall clock's, when the cloud was heard last
    error_ms      INTEGER,
    -- an observation was written, or it was found that none can be
    settled       INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
    boot_at_ms    INTEGER, -- what was observed
    correction_ms INTEGER
) STRICT;

-- Facts of before this table: their boots may still be observed if they last.
INSERT INTO boots (boot, wall_ms, guess_ms, stepped, guessed)
SELECT json_extract(CAST(encoded AS TEXT), '$.boot'), MIN(at_ms - json_extract(CAST(encoded AS TEXT), '$.mono_ms')),
       MIN(at_ms - json_extract(CAST(encoded AS TEXT), '$.mono_ms')), 1, 1
FROM outbox
WHERE json_extract(CAST(encoded AS TEXT), '$.clock') IN ('wall', 'typed')
  AND json_extract(CAST(encoded AS TEXT), '$.boot') <> ''
GROUP BY 1 ORDER BY MIN(n);

-- +goose Down
DROP TABLE boots;
