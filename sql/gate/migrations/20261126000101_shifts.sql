-- +goose Up
-- Shifts of people at this gate (docs/SHIFTS.md), written in the transaction of
-- their facts. closed is 0 while the drawer is open: a person has one.
CREATE TABLE shifts (
    id        TEXT PRIMARY KEY,
    guard     TEXT NOT NULL,
    closed_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX shifts_open ON shifts (guard) WHERE closed_ms = 0;

-- The facts of a shift as they were written, kept longer than the queue may keep
-- them on a disk that is nearly full: what is expected in a drawer is their sum.
CREATE TABLE shift_facts (
    fact    TEXT PRIMARY KEY,
    shift   TEXT NOT NULL REFERENCES shifts (id) ON DELETE CASCADE,
    encoded BLOB NOT NULL
) STRICT;
CREATE INDEX shift_facts_shift ON shift_facts (shift);

-- +goose Down
DROP TABLE shift_facts;
DROP TABLE shifts;
