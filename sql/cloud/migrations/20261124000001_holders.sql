-- +goose Up
-- A stay is judged against the one of its plate, or its card, that came last
-- before it and was still inside (docs/STATE.md §6): found by the order of
-- their INs among those inside now, and by their ends among those that left.
DROP INDEX transactions_plate, transactions_inside, transactions_token;
CREATE INDEX transactions_plate ON transactions (site_id, plate, in_at, in_fact);
CREATE INDEX transactions_inside ON transactions (site_id, plate, in_at, in_fact) WHERE state = 'inside';
CREATE INDEX transactions_left ON transactions (site_id, plate, out_at) WHERE state = 'left';
CREATE INDEX transactions_token ON transactions (site_id, token, in_at, in_fact) WHERE token IS NOT NULL;
CREATE INDEX transactions_token_held ON transactions (site_id, token, in_at, in_fact)
    WHERE token IS NOT NULL AND token_until IS NULL AND state <> 'voided';
CREATE INDEX transactions_token_until ON transactions (site_id, token, token_until)
    WHERE token IS NOT NULL AND token_until IS NOT NULL AND state <> 'voided';
-- The one conflict of a stay with who came before it.
CREATE INDEX conflicts_later ON conflicts (site_id, (stays[2])) WHERE kind IN ('plate_inside', 'token_twice') AND state <> 'withdrawn';

-- +goose Down
DROP INDEX conflicts_later, transactions_token_until, transactions_token_held, transactions_token, transactions_left,
    transactions_inside, transactions_plate;
CREATE INDEX transactions_inside ON transactions (site_id, plate) WHERE state = 'inside';
CREATE INDEX transactions_plate ON transactions (site_id, plate);
CREATE INDEX transactions_token ON transactions (site_id, token, out_at) WHERE token IS NOT NULL;
