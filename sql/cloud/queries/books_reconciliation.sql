-- Read models of the reconciliation of a day (docs/LEAKAGE.md): facts, payments
-- and what banks told, each read for itself.

-- name: ReconcileFacts :many
-- What gates and cloud wrote about money in the time, and about these payments whenever.
SELECT f.id, f.encoded FROM facts f
WHERE f.site_id = @site AND f.at >= @from_at AND f.at < @until_at
  AND f.kind IN ('payment_requested', 'payment_taken', 'payment_confirmed', 'refund_paid', 'refunded')
UNION
SELECT g.id, g.encoded FROM facts g
WHERE g.site_id = @site AND g.kind IN ('payment_taken', 'payment_confirmed') AND g.subject = ANY (@subjects::text[]);

-- name: ReconcilePayments :many
-- These payments, and all that came in the time.
SELECT p.id, p.stay_id, p.method, p.status, p.amount, p.refunded, coalesce(p.reference, '')::text AS reference, p.gate, p.actor,
       p.paid_at, p.bank_at, coalesce(t.display, '')::text AS display, t.out_at, coalesce(t.state, '')::text AS stay_state
FROM payments p
LEFT JOIN transactions t ON t.site_id = p.site_id AND t.id = p.stay_id
WHERE p.site_id = @site AND (p.id = ANY (@ids::uuid[]) OR p.paid_at >= @from_at AND p.paid_at < @until_at)
ORDER BY p.paid_at, p.id;

-- name: ReconcileNotices :many
-- What banks told of transfers of the time, and about these payments whenever.
SELECT n.id, n.provider, n.transaction, n.received_at, n.bank_at, n.incoming, n.amount, n.purpose, n.state, n.why, n.stay_id, n.payment_id, n.told
FROM bank_notices n
WHERE n.site_id = @site::uuid AND (n.payment_id = ANY (@ids::uuid[])
    OR coalesce(n.bank_at, n.received_at) >= @from_at::timestamptz AND coalesce(n.bank_at, n.received_at) < @until_at::timestamptz)
ORDER BY n.id;

-- name: ReconcileOwing :many
-- Stays that left in the time and have paid less than was charged.
SELECT t.id, t.display, t.out_at::timestamptz AS out_at, t.out_gate::text AS out_gate, coalesce(t.document ->> 'out_by', '')::text AS actor,
       t.fee::bigint AS fee, t.paid
FROM transactions t
WHERE t.site_id = @site AND t.state = 'left' AND t.out_at >= @from_at AND t.out_at < @until_at AND t.fee > t.paid
  AND coalesce((t.document -> 'charge' ->> 'due')::bigint, t.fee) > 0 -- who paid before, in time, owes no more
ORDER BY t.out_at, t.id LIMIT @most;

-- name: ReconcileConflicts :many
-- Open conflicts about the money of the time.
SELECT c.id, c.kind, c.at, c.stays FROM conflicts c
WHERE c.site_id = @site AND c.state = 'open' AND c.at >= @from_at AND c.at < @until_at
  AND c.kind IN ('fee_differs', 'paid_twice', 'overpaid', 'reference_twice', 'receipt_twice', 'exit_twice', 'exit_unknown')
ORDER BY c.at, c.id LIMIT @most;
