-- +goose Up
-- The inbox of conflicts is read in keyset pages, newest first, and stays fast
-- when years of settled ones lie behind it.
CREATE INDEX conflicts_listed ON conflicts (site_id, state, at DESC, id DESC);
CREATE INDEX quarantine_listed ON quarantine (site_id, received_at DESC, gate DESC, epoch DESC, seq DESC) WHERE settled_at IS NULL;

-- +goose Down
DROP INDEX quarantine_listed, conflicts_listed;
