-- name: RefreshVehicles :exec
-- The row of a vehicle follows its stays: first and last time seen, and how the
-- newest stay wrote it.
INSERT INTO vehicles (tenant_id, site_id, plate, display, class, first_at, last_at)
SELECT DISTINCT ON (t.plate) t.tenant_id, t.site_id, t.plate, t.display, t.class,
    min(coalesce(t.in_at, t.out_at)) OVER (PARTITION BY t.plate),
    max(coalesce(t.out_at, t.in_at)) OVER (PARTITION BY t.plate)
FROM transactions t
WHERE t.site_id = @site_id AND t.plate = ANY (@plates::text[]) AND t.plate <> '' AND coalesce(t.in_at, t.out_at) IS NOT NULL
ORDER BY t.plate, coalesce(t.in_at, t.out_at) DESC, t.id DESC
ON CONFLICT (site_id, plate) DO UPDATE SET display = excluded.display, class = excluded.class,
    first_at = excluded.first_at, last_at = excluded.last_at;

-- name: ForgetVehicles :exec
-- Plates that no stay bears any more (misread and corrected).
DELETE FROM vehicles v WHERE v.site_id = @site_id AND v.plate = ANY (@plates::text[]) AND NOT v.blocked AND v.note = ''
    AND NOT EXISTS (SELECT FROM transactions t WHERE t.site_id = v.site_id AND t.plate = v.plate);
