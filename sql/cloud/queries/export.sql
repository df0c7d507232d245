-- name: ExportConflicts :many
-- Those that stand: what was withdrawn depends on the order of arrival.
SELECT kind, facts, stays, slot_code, state, at FROM conflicts
WHERE site_id = @site_id AND state <> 'withdrawn' ORDER BY kind COLLATE "C", facts, id;

-- name: ExportHeld :many
-- What is held of each run of each gate; ids is the SHA-256 of the ids, as
-- text in the order of seq, a space between two.
SELECT e.gate, e.epoch, e.seq, count(*) FILTER (WHERE p.outcome = 'applied') AS applied,
    count(*) FILTER (WHERE p.outcome = 'quarantined') AS quarantined,
    encode(sha256(convert_to(string_agg(p.id::text, ' ' ORDER BY p.seq), 'UTF8')), 'hex')::text AS ids
FROM gate_epochs e JOIN processed_events p ON p.site_id = e.site_id AND p.gate = e.gate AND p.epoch = e.epoch
WHERE e.site_id = @site_id GROUP BY e.gate, e.epoch, e.seq ORDER BY e.gate COLLATE "C", e.epoch COLLATE "C";

-- name: ExportPayments :many
-- One page, after the payment after_id.
SELECT id, stay_id, method, status, amount, currency, reference, gate, actor, requested_at, paid_at, refunded, bank_at FROM payments
WHERE site_id = @site_id AND id > @after_id ORDER BY id LIMIT @max_rows;

-- name: ExportPlacements :many
SELECT slot_held::text AS slot, id FROM transactions
WHERE site_id = @site_id AND slot_held IS NOT NULL ORDER BY slot_held COLLATE "C";

-- name: ExportStays :many
-- One page, after the stay after_id.
SELECT id, document FROM transactions
WHERE site_id = @site_id AND id > @after_id ORDER BY id LIMIT @max_rows;
