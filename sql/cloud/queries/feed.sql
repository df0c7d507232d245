-- name: AddFeed :exec
INSERT INTO feed (tenant_id, site_id, feed_seq, committed_at, body)
VALUES (@tenant_id, @site_id, @feed_seq, @committed_at, @body);

-- name: FeedAfter :many
SELECT feed_seq, body FROM feed WHERE site_id = @site_id AND feed_seq > @after ORDER BY feed_seq LIMIT @max_rows;

-- name: FeedOf :many
-- Entries with the incarnation that they belong to, read at one moment, so that
-- the feed of a restored database is never joined to that of the one before.
SELECT feed_seq, body, (SELECT id FROM incarnation)::uuid AS incarnation
FROM feed WHERE site_id = @site_id AND feed_seq > @after ORDER BY feed_seq LIMIT @max_rows;

-- name: DropFeed :execrows
-- Entries that site_feeds says are trimmed, some at a time.
DELETE FROM feed f USING (
    SELECT o.site_id, o.feed_seq, o.committed_at FROM feed o JOIN site_feeds s ON s.site_id = o.site_id
    WHERE o.committed_at < @before AND o.feed_seq <= s.trimmed
    LIMIT @max_rows
) old
WHERE f.site_id = old.site_id AND f.feed_seq = old.feed_seq AND f.committed_at = old.committed_at;
