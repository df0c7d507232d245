-- name: ConflictsOfStays :many
SELECT id, kind, state FROM conflicts
WHERE site_id = @site_id AND kind = ANY (@kinds::text[]) AND stays && @stays::uuid[];

-- name: ConflictsOfSlots :many
SELECT id, kind, state FROM conflicts
WHERE site_id = @site_id AND kind = 'slot_twice' AND slot_code = ANY (@slots::text[]) AND at >= @from_at;

-- name: OpenConflict :batchexec
-- A settled conflict stays settled: other facts make another id.
INSERT INTO conflicts (tenant_id, site_id, id, kind, facts, stays, slot_code, state, at, opened_at)
VALUES (@tenant_id, @site_id, @id, @kind, @facts, @stays, @slot_code, 'open', @at, @opened_at)
ON CONFLICT (site_id, id) DO UPDATE SET state = 'open', closed_at = NULL WHERE conflicts.state = 'withdrawn';

-- name: WithdrawConflicts :many
UPDATE conflicts SET state = 'withdrawn', closed_at = @closed_at::timestamptz
WHERE site_id = @site_id AND id = ANY (@ids::bytea[]) AND state = 'open'
RETURNING id, kind, facts, stays, slot_code, at;

-- name: OpenConflicts :many
SELECT id, kind, state, stays, facts, slot_code, at FROM conflicts
WHERE site_id = @site_id AND state = 'open' ORDER BY at, id;
