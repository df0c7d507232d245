-- +goose Up
-- Home slots that this gate has lent to a neighbour without the cloud
-- (docs/NEIGHBOURS.md): the last such loan of each, written before the neighbour
-- is told of it and kept after it is over.
CREATE TABLE near_lent (
    slot     TEXT PRIMARY KEY,
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

-- +goose Down
DROP TABLE near_lent;
