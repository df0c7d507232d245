-- name: ConflictsOfStays :many
-- The standing conflicts that name one of these stays.
SELECT * FROM conflicts
WHERE site_id = @site_id AND stays && @stays::uuid[] AND state <> 'withdrawn';

-- name: ConflictsOfSlots :many
SELECT * FROM conflicts
WHERE site_id = @site_id AND kind = 'slot_twice' AND slot_code = ANY (@slots::text[]) AND at >= @from_at AND state <> 'withdrawn';

-- name: ConflictsAbout :many
-- The standing conflicts of some kinds in some groups.
SELECT * FROM conflicts
WHERE site_id = @site_id AND kind = ANY (@kinds::text[]) AND subject = ANY (@subjects::text[]) AND state <> 'withdrawn';

-- name: ConflictsOfLater :many
-- The standing conflicts of stays with who was inside when they came.
SELECT * FROM conflicts
WHERE site_id = @site_id AND kind IN ('plate_inside', 'token_twice') AND stays[2] = ANY (@stays::uuid[]) AND state <> 'withdrawn';

-- name: ConflictsByID :many
SELECT * FROM conflicts
WHERE site_id = @site_id AND id = ANY (@ids::bytea[]);

-- name: PutConflict :batchexec
-- A conflict as it stands: open, settled, or withdrawn because the facts no
-- longer make it. opened_at is when it was first seen.
INSERT INTO conflicts (tenant_id, site_id, id, kind, facts, stays, slot_code, subject, state, at, opened_at, closed_at,
    settled_fact, settled_how, settled_reason, settled_by, settled_at)
VALUES (@tenant_id, @site_id, @id, @kind, @facts, @stays, @slot_code, @subject, @state, @at, @now, @closed_at,
    @settled_fact, @settled_how, @settled_reason, @settled_by, @settled_at)
ON CONFLICT (site_id, id) DO UPDATE SET facts = excluded.facts, stays = excluded.stays, slot_code = excluded.slot_code,
    subject = excluded.subject, state = excluded.state, at = excluded.at, closed_at = excluded.closed_at,
    settled_fact = excluded.settled_fact, settled_how = excluded.settled_how, settled_reason = excluded.settled_reason,
    settled_by = excluded.settled_by, settled_at = excluded.settled_at;

-- name: OpenConflicts :many
SELECT id, kind, state, stays, facts, slot_code, at FROM conflicts
WHERE site_id = @site_id AND state = 'open' ORDER BY at, id;
