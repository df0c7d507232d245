-- name: RefreshVehicles :exec
-- The row of a vehicle follows its stays: first and last time seen, and how the
-- newest stay wrote it; and the newest version of the block list.
INSERT INTO vehicles (tenant_id, site_id, plate, display, class, first_at, last_at, blocked, note)
SELECT s.tenant_id, s.site_id, s.plate, s.display, s.class, s.first_at, s.last_at,
    coalesce((b.document ->> 'blocked')::boolean, false), coalesce(b.document ->> 'note', '')
FROM (
    SELECT DISTINCT ON (t.plate) t.tenant_id, t.site_id, t.plate, t.display, t.class,
        min(coalesce(t.in_at, t.out_at)) OVER (PARTITION BY t.plate) AS first_at,
        max(coalesce(t.out_at, t.in_at)) OVER (PARTITION BY t.plate) AS last_at
    FROM transactions t
    WHERE t.site_id = @site_id AND t.plate = ANY (@plates::text[]) AND t.plate <> '' AND coalesce(t.in_at, t.out_at) IS NOT NULL
    ORDER BY t.plate, coalesce(t.in_at, t.out_at) DESC, t.id DESC) s
LEFT JOIN LATERAL (
    SELECT v.document FROM versions v WHERE v.site_id = s.site_id AND v.kind = 'block' AND v.key = s.plate
    ORDER BY v.from_at DESC, v.at DESC, v.epoch COLLATE "C" DESC, v.seq DESC, v.fact_id DESC LIMIT 1) b ON true
ON CONFLICT (site_id, plate) DO UPDATE SET display = excluded.display, class = excluded.class,
    first_at = excluded.first_at, last_at = excluded.last_at, blocked = excluded.blocked, note = excluded.note;

-- name: ForgetVehicles :exec
-- Plates that no stay bears any more (misread and corrected). That one is
-- blocked is kept by its versions.
DELETE FROM vehicles v WHERE v.site_id = @site_id AND v.plate = ANY (@plates::text[])
    AND NOT EXISTS (SELECT FROM transactions t WHERE t.site_id = v.site_id AND t.plate = v.plate);
