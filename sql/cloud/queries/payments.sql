-- name: PutPayment :batchexec
-- An id that two stays name belongs to the smaller stay id: the projection sees to that.
INSERT INTO payments (tenant_id, site_id, id, stay_id, method, status, amount, currency, reference, gate, actor,
    requested_at, paid_at, refunded, bank_at)
VALUES (@tenant_id, @site_id, @id, @stay_id, @method, @status, @amount, @currency, @reference, @gate, @actor,
    @requested_at, @paid_at, @refunded, @bank_at)
ON CONFLICT (site_id, id) DO UPDATE SET stay_id = excluded.stay_id, method = excluded.method,
    status = excluded.status, amount = excluded.amount, currency = excluded.currency,
    reference = excluded.reference, gate = excluded.gate, actor = excluded.actor,
    requested_at = excluded.requested_at, paid_at = excluded.paid_at, refunded = excluded.refunded,
    bank_at = excluded.bank_at;

-- name: ReferencesOf :many
SELECT DISTINCT reference::text AS reference FROM payments
WHERE site_id = @site_id AND id = ANY (@ids::uuid[]) AND reference IS NOT NULL;

-- name: PaymentsByReference :many
SELECT reference::text AS reference, id, stay_id FROM payments
WHERE site_id = @site_id AND reference = ANY (@refs::text[]);

-- name: RevenueByDay :many
-- Money received in [from_at, until_at), by local day of the site and method.
SELECT to_char(p.paid_at AT TIME ZONE s.timezone, 'YYYY-MM-DD')::text AS day, p.method, count(*)::bigint AS payments,
    sum(p.amount)::bigint AS amount
FROM payments p JOIN sites s ON s.id = p.site_id
WHERE p.site_id = @site_id AND p.status IN ('paid', 'refunded') AND p.paid_at >= @from_at::timestamptz AND p.paid_at < @until_at::timestamptz
GROUP BY 1, 2 ORDER BY 1, 2;
