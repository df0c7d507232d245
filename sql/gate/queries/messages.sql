-- name: AddMessageRead :exec
INSERT INTO messages_read (message, at_ms) VALUES (@message, @at_ms) ON CONFLICT (message) DO NOTHING;

-- name: MessagesRead :many
SELECT message FROM messages_read;

-- name: PruneMessagesRead :exec
-- Those of which the cloud has not told for long, or never did.
DELETE FROM messages_read WHERE messages_read.at_ms < @before_ms
    AND messages_read.message NOT IN (SELECT v.key FROM list_versions v WHERE v.kind = 'message');
