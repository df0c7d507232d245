-- name: PutListVersion :exec
INSERT INTO list_versions (kind, key, from_ms, at_ms, epoch, seq, incarnation, document)
VALUES (@kind, @key, @from_ms, @at_ms, @epoch, @seq, @incarnation, @document)
ON CONFLICT (kind, key, epoch, seq) DO UPDATE SET incarnation = excluded.incarnation, document = excluded.document,
    from_ms = excluded.from_ms, at_ms = excluded.at_ms;

-- name: DropListsBut :exec
DELETE FROM list_versions WHERE incarnation <> ?;

-- name: ListVersionsOf :many
-- In the order in which they hold.
SELECT key, document FROM list_versions WHERE kind = ? ORDER BY key, from_ms, at_ms, epoch, seq;

-- name: TokenNow :one
SELECT document FROM list_versions WHERE kind = 'token' AND key = ? AND from_ms <= ?
ORDER BY from_ms DESC, at_ms DESC, epoch DESC, seq DESC LIMIT 1;

-- name: AnyCard :one
SELECT EXISTS (SELECT 1 FROM list_versions WHERE kind = 'token');
