-- name: StaysByID :many
SELECT id, document, plate, match_plate FROM transactions WHERE site_id = @site_id AND id = ANY (@ids::uuid[]);

-- name: PlatesOfExits :many
-- Which of these plates an exit bears that looks for its entry.
SELECT DISTINCT match_plate::text AS plate FROM transactions
WHERE site_id = @site_id AND match_plate = ANY (@plates::text[]) AND match_role = 'exit';

-- name: StaysToMatch :many
-- The entries without an exit and the exits without an entry of some plates.
-- away: an exit of another plate was matched with the entry, by hand.
SELECT h.id, h.match_role::text AS role, h.match_plate::text AS plate, coalesce(h.in_at, h.out_at)::timestamptz AS at,
    coalesce(h.in_fact, (h.document ->> 'out_fact')::uuid)::uuid AS fact, h.into_id,
    EXISTS (SELECT FROM transactions x WHERE x.site_id = h.site_id AND x.into_id = h.id
        AND x.match_plate IS DISTINCT FROM h.match_plate) AS away
FROM transactions h WHERE h.site_id = @site_id AND h.match_plate = ANY (@plates::text[]);

-- name: StaysOfPass :many
-- The stays that came on a pass at from_at or later, or were inside then.
SELECT id, in_at, out_at, in_fact, pass_held FROM transactions
WHERE site_id = @site_id AND pass = @pass AND state <> 'voided' AND in_at IS NOT NULL
    AND (in_at >= @from_at OR out_at IS NULL OR out_at > @from_at);

-- name: StaysOfPassSince :many
-- The stays that came on a pass at from_at or later, and those that were priced
-- by it as of then or later: by the pass that they came on, or by one that
-- followed it.
SELECT t.id FROM transactions t WHERE t.site_id = @site_id AND t.pass = @pass
    AND (t.in_at >= @from_at OR (t.document -> 'charge' ->> 'out')::timestamptz >= @from_at)
UNION
SELECT t.id FROM transactions t WHERE t.site_id = @site_id AND t.document -> 'charge' -> 'follows' ? @pass::text
    AND (t.document -> 'charge' ->> 'out')::timestamptz >= @from_at;

-- name: TurnPassHeld :exec
UPDATE transactions SET pass_held = NOT pass_held WHERE site_id = @site_id AND id = ANY (@ids::uuid[]);

-- name: ReleaseSlots :exec
-- Losers first: a partial unique index cannot wait for the end of a
-- transaction, so a swap of two slots takes two statements.
UPDATE transactions SET slot_held = NULL
WHERE site_id = @site_id AND id = ANY (@ids::uuid[]) AND slot_held IS NOT NULL;

-- name: PutStay :batchexec
INSERT INTO transactions (tenant_id, site_id, id, state, class, plate, display, token, zone_code, slot_claimed,
    in_at, in_gate, out_at, out_gate, tariff_id, tariff_version, currency, fee, paid, document,
    out_token, out_plate, in_fact, token_until, pass, match_role, match_plate, into_id)
VALUES (@tenant_id, @site_id, @id, @state, @class, @plate, @display, @token, @zone_code, @slot_claimed,
    @in_at, @in_gate, @out_at, @out_gate, @tariff_id, @tariff_version, @currency, @fee, @paid, @document,
    @out_token, @out_plate, @in_fact, @token_until, @pass, @match_role, @match_plate, @into_id)
ON CONFLICT (site_id, id) DO UPDATE SET state = excluded.state, class = excluded.class, plate = excluded.plate,
    display = excluded.display, token = excluded.token, zone_code = excluded.zone_code,
    slot_claimed = excluded.slot_claimed, in_at = excluded.in_at, in_gate = excluded.in_gate,
    out_at = excluded.out_at, out_gate = excluded.out_gate, tariff_id = excluded.tariff_id,
    tariff_version = excluded.tariff_version, currency = excluded.currency, fee = excluded.fee,
    paid = excluded.paid, document = excluded.document, out_token = excluded.out_token, out_plate = excluded.out_plate,
    in_fact = excluded.in_fact, token_until = excluded.token_until, pass = excluded.pass,
    pass_held = transactions.pass_held AND excluded.pass IS NOT NULL AND excluded.in_at IS NOT NULL AND excluded.state <> 'voided',
    match_role = excluded.match_role, match_plate = excluded.match_plate, into_id = excluded.into_id;

-- name: PutDocument :batchexec
-- Another stay's claim changed whether this one is placed.
UPDATE transactions SET document = @document WHERE site_id = @site_id AND id = @id;

-- name: DropStays :exec
-- Stays of which nothing came true.
DELETE FROM transactions WHERE site_id = @site_id AND id = ANY (@ids::uuid[]);

-- name: ExitsInto :many
-- The exits that were matched with these stays.
SELECT id, into_id::uuid AS into_id FROM transactions WHERE site_id = @site_id AND into_id = ANY (@stays::uuid[]);

-- name: HoldSlots :exec
UPDATE transactions t SET slot_held = t.slot_claimed
WHERE t.site_id = @site_id AND t.id = ANY (@ids::uuid[]);

-- name: StaysForSnapshot :many
SELECT document FROM transactions
WHERE site_id = @site_id AND (state = 'inside' OR out_at >= @left_since) ORDER BY in_at, id;

-- name: Stays :many
-- One page, newest IN first; a page begins after (before_at, before_id).
-- Stays whose IN is not known count by their OUT.
SELECT id, document FROM transactions
WHERE site_id = @site_id
    AND (@state::text = '' OR state = @state)
    AND (@plate::text = '' OR plate = @plate)
    AND (coalesce(in_at, out_at), id) < (@before_at::timestamptz, @before_id::uuid)
ORDER BY coalesce(in_at, out_at) DESC, id DESC LIMIT @max_rows;

-- name: Stay :one
SELECT document FROM transactions WHERE site_id = @site_id AND id = @id;
