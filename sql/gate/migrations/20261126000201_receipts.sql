-- +goose Up
-- Receipts that this gate issued. A number is taken in the transaction that
-- writes its fact, and the two constraints are what makes it one of a kind:
-- one receipt for a payment, one payment for a number.
CREATE TABLE receipts (
    payment  TEXT PRIMARY KEY,
    stay     TEXT NOT NULL,
    series   TEXT NOT NULL,
    number   INTEGER NOT NULL CHECK (number >= 1),
    at_ms    INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    document TEXT NOT NULL, -- the fact's body
    UNIQUE (series, number)
);
CREATE INDEX receipts_stay ON receipts (stay);

-- +goose Down
DROP TABLE receipts;
