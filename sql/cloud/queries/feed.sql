-- name: AddFeed :exec
INSERT INTO feed (tenant_id, site_id, feed_seq, committed_at, body)
VALUES (@tenant_id, @site_id, @feed_seq, @committed_at, @body);

-- name: FeedAfter :many
SELECT feed_seq, body FROM feed WHERE site_id = @site_id AND feed_seq > @after ORDER BY feed_seq LIMIT @max_rows;
