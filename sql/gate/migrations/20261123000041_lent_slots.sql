-- +goose Up
-- Home slots that this gate has lent (docs/SLOTS.md): the last loan of each,
-- written before it is acknowledged and kept after it is over.
CREATE TABLE lent_slots (
    slot     TEXT PRIMARY KEY,
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

-- +goose Down
DROP TABLE lent_slots;
