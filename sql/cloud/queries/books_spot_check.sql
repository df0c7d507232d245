-- The spot check (docs/LEAKAGE.md): of a period's exits one in fifty, chosen by
-- the stay's id, and every pick, correction, void and by-hand confirmation.

-- name: SpotDue :many
WITH due AS (
    SELECT t.id, 'sample'::text AS why FROM transactions t
    WHERE t.site_id = @site AND t.out_at >= @from_at AND t.out_at < @until_at AND t.state = 'left'
      AND ('x' || substr(md5(t.id::text), 1, 8))::bit(32)::bigint % 50 = 0
    UNION ALL
    SELECT f.stay_id, 'pick' FROM facts f
    WHERE f.site_id = @site AND f.at >= @from_at AND f.at < @until_at AND f.signs && '{pick}' AND f.stay_id IS NOT NULL
    UNION ALL
    SELECT c.stay_id, CASE c.kind WHEN 'stay_voided' THEN 'void' ELSE 'correction' END FROM facts c
    WHERE c.site_id = @site AND c.at >= @from_at AND c.at < @until_at AND c.stay_id IS NOT NULL
      AND c.kind IN ('stay_voided', 'plate_corrected', 'class_corrected') AND c.actor NOT LIKE 'lane:%'
    UNION ALL
    SELECT p.stay_id, 'by_hand' FROM payments p
    WHERE p.site_id = @site AND p.method = 'by_hand' AND p.paid_at >= @from_at AND p.paid_at < @until_at
)
SELECT t.id, t.display, t.class, t.state, t.in_at, t.out_at, array_agg(DISTINCT d.why ORDER BY d.why)::text[] AS why,
       coalesce(s.verdict, '')::text AS verdict, coalesce(s.checked_by, '')::text AS checked_by, s.checked_at
FROM due d
JOIN transactions t ON t.site_id = @site AND t.id = d.id
LEFT JOIN spot_checks s ON s.site_id = t.site_id AND s.stay_id = t.id
GROUP BY t.site_id, t.id, s.verdict, s.checked_by, s.checked_at
ORDER BY coalesce(t.out_at, t.in_at), t.id
LIMIT @most;

-- name: SpotWrong :many
-- Stays that left in the period and whose pictures do not fit.
SELECT t.id, t.display, coalesce(t.out_at, t.in_at)::timestamptz AS at, coalesce(t.out_gate, t.in_gate, '')::text AS gate,
       coalesce(t.document ->> 'out_by', t.document ->> 'in_by', '')::text AS actor, coalesce(t.document ->> 'out_lane', '')::text AS lane,
       s.checked_by, s.checked_at
FROM spot_checks s
JOIN transactions t ON t.site_id = s.site_id AND t.id = s.stay_id
WHERE s.site_id = @site AND s.verdict = 'wrong' AND coalesce(t.out_at, t.in_at) >= @from_at::timestamptz AND coalesce(t.out_at, t.in_at) < @until_at::timestamptz
ORDER BY at, t.id LIMIT @most;

-- name: SpotVerdict :one
SELECT verdict FROM spot_checks WHERE site_id = @site_id AND stay_id = @stay_id;

-- name: PutSpotVerdict :exec
INSERT INTO spot_checks (tenant_id, site_id, stay_id, verdict, checked_by, checked_at)
SELECT @tenant_id, @site_id, @stay_id, @verdict, @checked_by, @checked_at
ON CONFLICT (site_id, stay_id) DO UPDATE SET verdict = excluded.verdict, checked_by = excluded.checked_by, checked_at = excluded.checked_at;
