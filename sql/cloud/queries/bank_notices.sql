-- name: KeepNotice :execrows
-- The bank itself tells. The same notice again changes nothing. One that only a
-- gate has told of is the bank's own from now on: settled it stays where the
-- money came to that site, and else it is judged as it came.
INSERT INTO bank_notices AS n (provider, transaction, raw, received_at, account, incoming, amount, purpose, refs, bank_at,
    tenant_id, site_id, state, why)
VALUES (@provider, @transaction, @raw, @received_at, @account, @incoming, @amount, @purpose, @refs, @bank_at,
    @tenant_id, @site_id, @state, @why)
ON CONFLICT (provider, transaction) DO UPDATE SET
    told = true, raw = excluded.raw, received_at = excluded.received_at, account = excluded.account, incoming = excluded.incoming,
    amount = excluded.amount, purpose = excluded.purpose, refs = excluded.refs, bank_at = excluded.bank_at,
    state = CASE WHEN n.state = 'settled' AND n.site_id = excluded.site_id AND excluded.state = 'new' THEN n.state ELSE excluded.state END,
    tenant_id = excluded.tenant_id, site_id = excluded.site_id, why = excluded.why
WHERE NOT n.told;

-- name: CarryNotices :batchexec
-- A gate tells what it has relied on. What the bank told stands; where it is in
-- review, the gate knows what came of it.
INSERT INTO bank_notices AS n (provider, transaction, raw, received_at, account, incoming, amount, purpose, refs, bank_at,
    tenant_id, site_id, state, told, carried_by, carried_stay, carried_payment, carried_reference, carried_heard_at)
VALUES (@provider, @transaction, @raw, @received_at, '', true, @amount, '', '{}', @bank_at,
    @tenant_id::uuid, @site_id::uuid, 'new', false, @carried_by::text, @carried_stay::uuid, @carried_payment::uuid, @carried_reference::text,
    @carried_heard_at::timestamptz)
ON CONFLICT (provider, transaction) DO UPDATE SET
    state = 'new', why = '', carried_by = excluded.carried_by, carried_stay = excluded.carried_stay,
    carried_payment = excluded.carried_payment, carried_reference = excluded.carried_reference, carried_heard_at = excluded.carried_heard_at
WHERE n.state = 'review' AND n.carried_by IS NULL AND n.site_id = excluded.site_id AND n.incoming AND n.amount = excluded.amount;

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
    decided_by, decided_at, reason, told, carried_by
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
