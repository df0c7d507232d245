-- name: AddSiteFeed :exec
INSERT INTO site_feeds (tenant_id, site_id) VALUES (@tenant_id, @site_id);

-- name: LockSite :one
-- The lock of the site: whoever changes its state holds this row.
SELECT f.tenant_id, f.feed_seq, s.currency, (SELECT id FROM incarnation)::uuid AS incarnation
FROM site_feeds f JOIN sites s ON s.id = f.site_id
WHERE f.site_id = @site_id FOR UPDATE OF f;

-- name: SetFeedSeq :exec
UPDATE site_feeds SET feed_seq = @feed_seq WHERE site_id = @site_id;

-- name: TrimFeedTo :exec
-- From here on only a snapshot leads past this entry.
UPDATE site_feeds SET trimmed = @feed_seq WHERE site_id = @site_id;

-- name: FeedHead :one
SELECT feed_seq, trimmed, (SELECT id FROM incarnation)::uuid AS incarnation FROM site_feeds WHERE site_id = @site_id;

-- name: FeedHeads :many
SELECT site_id, feed_seq, (SELECT id FROM incarnation)::uuid AS incarnation
FROM site_feeds WHERE site_id = ANY (@sites::uuid[]);

-- name: TrimFeeds :execrows
-- Moves trimmed up to the last entry before the first that is not old. The rows
-- go afterwards, so that nobody who reads is let past a hole.
UPDATE site_feeds s SET trimmed = coalesce((
    SELECT min(f.feed_seq) - 1 FROM feed f WHERE f.site_id = s.site_id AND f.feed_seq > s.trimmed AND f.committed_at >= @before
), s.feed_seq)
WHERE EXISTS (
    SELECT FROM feed f WHERE f.site_id = s.site_id AND f.feed_seq = s.trimmed + 1 AND f.committed_at < @before
);
