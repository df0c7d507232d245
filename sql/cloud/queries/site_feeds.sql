-- name: AddSiteFeed :exec
INSERT INTO site_feeds (tenant_id, site_id) VALUES (@tenant_id, @site_id);

-- name: LockSite :one
-- The lock of the site: whoever changes its state holds this row.
SELECT f.tenant_id, f.feed_seq, s.currency FROM site_feeds f JOIN sites s ON s.id = f.site_id
WHERE f.site_id = @site_id FOR UPDATE OF f;

-- name: SetFeedSeq :exec
UPDATE site_feeds SET feed_seq = @feed_seq WHERE site_id = @site_id;

-- name: FeedHead :one
SELECT feed_seq, trimmed FROM site_feeds WHERE site_id = @site_id;

-- name: FeedHeads :many
SELECT site_id, feed_seq FROM site_feeds WHERE site_id = ANY (@sites::uuid[]);
