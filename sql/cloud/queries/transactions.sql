-- name: StaysByID :many
SELECT id, document, plate, slot_held FROM transactions WHERE site_id = @site_id AND id = ANY (@ids::uuid[]);

-- name: StaysOfPlates :many
-- Stays of these plates that were inside at from_at or later.
SELECT id, plate, in_at, out_at, document FROM transactions
WHERE site_id = @site_id AND plate = ANY (@plates::text[]) AND state <> 'voided' AND in_at IS NOT NULL
    AND (out_at IS NULL OR out_at > @from_at);

-- name: ReleaseSlots :exec
-- Losers first: a partial unique index cannot wait for the end of a
-- transaction, so a swap of two slots takes two statements.
UPDATE transactions SET slot_held = NULL
WHERE site_id = @site_id AND id = ANY (@ids::uuid[]) AND slot_held IS NOT NULL;

-- name: PutStay :batchexec
INSERT INTO transactions (tenant_id, site_id, id, state, class, plate, display, token, zone_code, slot_claimed,
    in_at, in_gate, out_at, out_gate, tariff_id, tariff_version, currency, fee, paid, document)
VALUES (@tenant_id, @site_id, @id, @state, @class, @plate, @display, @token, @zone_code, @slot_claimed,
    @in_at, @in_gate, @out_at, @out_gate, @tariff_id, @tariff_version, @currency, @fee, @paid, @document)
ON CONFLICT (site_id, id) DO UPDATE SET state = excluded.state, class = excluded.class, plate = excluded.plate,
    display = excluded.display, token = excluded.token, zone_code = excluded.zone_code,
    slot_claimed = excluded.slot_claimed, in_at = excluded.in_at, in_gate = excluded.in_gate,
    out_at = excluded.out_at, out_gate = excluded.out_gate, tariff_id = excluded.tariff_id,
    tariff_version = excluded.tariff_version, currency = excluded.currency, fee = excluded.fee,
    paid = excluded.paid, document = excluded.document;

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
