-- name: SlotRights :many
-- Who may offer each of these slots, and whether its home can be asked: seen_at
-- is when it was heard last, absent says that it was never enrolled or has
-- lost its right, so that it hands nothing out.
SELECT s.code, s.home_gate, s.loan_number, s.loan_to, s.loan_epoch, s.loan_incarnation, s.loan_recalled,
    s.ask_to, s.ask_epoch, s.ask_incarnation, s.ask_for_good, s.home_wanted,
    g.seen_at AS home_seen_at, (g.public_key IS NULL OR g.revoked_at IS NOT NULL)::boolean AS home_absent
FROM slots s JOIN gates g ON g.site_id = s.site_id AND g.code = s.home_gate
WHERE s.site_id = @site_id AND s.code = ANY (@codes::text[])
ORDER BY s.code;

-- name: SetSlotRight :exec
-- Under the site's lock. A question that goes on keeps the time at which it
-- began.
UPDATE slots SET home_gate = @home_gate, loan_number = @loan_number, loan_to = sqlc.narg(loan_to), loan_epoch = @loan_epoch,
    loan_incarnation = sqlc.narg(loan_incarnation), loan_recalled = @loan_recalled,
    asked_at = CASE WHEN sqlc.narg(ask_to)::text IS NULL THEN NULL
        WHEN ask_to = sqlc.narg(ask_to)::text AND loan_number = @loan_number THEN asked_at ELSE clock_timestamp() END,
    ask_to = sqlc.narg(ask_to), ask_epoch = @ask_epoch, ask_incarnation = sqlc.narg(ask_incarnation), ask_for_good = @ask_for_good,
    home_wanted = CASE WHEN home_wanted = @home_gate THEN NULL ELSE home_wanted END
WHERE site_id = @site_id AND code = @code;

-- name: WantSlotHome :execrows
UPDATE slots SET home_wanted = CASE WHEN home_gate = @home_gate::text THEN NULL ELSE @home_gate::text END
WHERE site_id = @site_id AND code = @code;

-- name: GateHolds :one
-- How far the cloud holds the facts of a gate's epoch; 0 for none.
SELECT coalesce((SELECT seq FROM gate_epochs WHERE site_id = @site_id AND gate = @gate AND epoch = @epoch), 0)::bigint;

-- name: HoldGateEnrolment :many
-- Which of these gates hand nothing out: never enrolled, or without a right.
-- The rows stay as they are until the transaction ends.
SELECT code FROM gates WHERE site_id = @site_id AND code = ANY (@codes::text[])
    AND (public_key IS NULL OR revoked_at IS NOT NULL)
ORDER BY code FOR SHARE;

-- name: LoanWork :many
-- Slots about which some gate is to be asked, or whose question has waited
-- too long, or whose borrower has lost its right.
SELECT s.site_id, s.code, s.home_gate, s.loan_number, s.loan_to, s.loan_recalled, s.ask_to, s.ask_epoch, s.ask_incarnation,
    s.ask_for_good, s.home_wanted,
    coalesce(s.asked_at < clock_timestamp() - make_interval(secs => @patience_seconds::double precision), false)::boolean AS late
FROM slots s WHERE s.ask_to IS NOT NULL OR s.loan_recalled OR s.home_wanted IS NOT NULL
UNION ALL
SELECT s.site_id, s.code, s.home_gate, s.loan_number, s.loan_to, s.loan_recalled, s.ask_to, s.ask_epoch, s.ask_incarnation,
    s.ask_for_good, s.home_wanted, true
FROM slots s JOIN gates g ON g.site_id = s.site_id AND g.code = s.loan_to
WHERE s.loan_to IS NOT NULL AND g.revoked_at IS NOT NULL;
