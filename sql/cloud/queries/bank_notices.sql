-- name: KeepNotice :execrows
INSERT INTO bank_notices (provider, transaction, raw, received_at, account, incoming, amount, purpose, refs, bank_at,
    tenant_id, site_id, state, why)
VALUES (@provider, @transaction, @raw, @received_at, @account, @incoming, @amount, @purpose, @refs, @bank_at,
    @tenant_id, @site_id, @state, @why)
ON CONFLICT (provider, transaction) DO NOTHING;

-- name: SitesOfAccount :many
SELECT id, tenant_id FROM sites WHERE bank_account = @account AND bank_account <> '' ORDER BY id;

-- name: SitesOfReferences :many
-- Which of these sites have asked for one of the references.
SELECT DISTINCT site_id FROM payments WHERE site_id = ANY (@sites::uuid[]) AND reference = ANY (@refs::text[]);

-- name: NoticesToSettle :many
-- What is new, and what waited for its request that has come by now.
SELECT n.id, n.site_id::uuid AS site_id FROM bank_notices n
WHERE n.site_id IS NOT NULL AND (n.state = 'new' OR n.state = 'review' AND n.why = 'unknown_reference' AND EXISTS (
    SELECT FROM payments p WHERE p.site_id = n.site_id AND p.reference = ANY (n.refs)))
ORDER BY n.id LIMIT 200;

-- name: NoticeForUpdate :one
SELECT * FROM bank_notices WHERE id = @id FOR UPDATE;

-- name: PaymentsAskedFor :many
SELECT p.id, p.stay_id, p.reference::text AS reference, p.status, p.amount, p.currency, p.bank_at, t.state AS stay_state
FROM payments p LEFT JOIN transactions t ON t.site_id = p.site_id AND t.id = p.stay_id
WHERE p.site_id = @site_id AND p.reference = ANY (@refs::text[]) ORDER BY p.id;

-- name: SettleNotice :exec
UPDATE bank_notices SET state = 'settled', why = '', stay_id = @stay_id::uuid, payment_id = @payment_id::uuid,
    decided_by = sqlc.narg('decided_by'), decided_at = @decided_at::timestamptz, reason = sqlc.narg('reason')
WHERE id = @id;

-- name: ReviewNotice :exec
UPDATE bank_notices SET state = 'review', why = @why, stay_id = sqlc.narg('stay_id'), payment_id = sqlc.narg('payment_id') WHERE id = @id;

-- name: SetNoticeAside :exec
UPDATE bank_notices SET state = 'set_aside', why = '', decided_by = @decided_by::text, decided_at = @decided_at::timestamptz,
    reason = @reason::text
WHERE id = @id;

-- name: NoticesOfSite :many
SELECT id, provider, transaction, received_at, account, incoming, amount, purpose, refs, bank_at, state, why, stay_id, payment_id,
    decided_by, decided_at, reason
FROM bank_notices WHERE site_id = @site_id::uuid AND (@state::text = '' OR state = @state) AND id < @before::bigint ORDER BY id DESC LIMIT @max_rows;

-- name: UnownedNotices :many
-- Those of an account that no site has, and those that cannot be read.
SELECT id, provider, transaction, received_at, account, incoming, amount, purpose, bank_at, why, raw
FROM bank_notices WHERE site_id IS NULL AND state = 'review' AND id < @before::bigint ORDER BY id DESC LIMIT @max_rows;

-- name: AssignNotice :execrows
-- It is judged as if it had come to the site.
UPDATE bank_notices SET tenant_id = @tenant_id::uuid, site_id = @site_id::uuid,
    state = CASE WHEN why = 'unreadable' OR NOT incoming THEN 'review' ELSE 'new' END,
    why = CASE WHEN why = 'unreadable' THEN 'unreadable' WHEN NOT incoming THEN 'outgoing' ELSE '' END
WHERE id = @id AND site_id IS NULL AND state = 'review';

-- name: SetUnownedAside :execrows
UPDATE bank_notices SET state = 'set_aside', why = '', decided_by = @decided_by::text, decided_at = @decided_at::timestamptz,
    reason = @reason::text
WHERE id = @id AND site_id IS NULL AND state = 'review';
