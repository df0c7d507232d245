-- name: ListVersions :many
-- What gates have to know of passes, cards, the block list and messages, in the order in
-- which it was written, after a mark. What another has replaced is left out: of
-- a card, plate or message at once, of a pass once that has been so since @settled_at,
-- because a stay that came on it may still be inside.
SELECT v.kind, v.key, v.from_at, v.at, v.epoch, v.seq, v.document FROM versions v
WHERE v.site_id = @site_id AND v.kind IN ('pass', 'token', 'block', 'message')
    AND (v.epoch COLLATE "C", v.seq) > (@epoch::text, @seq::bigint)
    AND NOT EXISTS (
        SELECT FROM versions n WHERE n.site_id = v.site_id AND n.kind = v.kind AND n.key = v.key AND n.fact_id <> v.fact_id
            AND (n.from_at, n.at, n.epoch COLLATE "C", n.seq) > (v.from_at, v.at, v.epoch COLLATE "C", v.seq)
            AND n.from_at <= CASE v.kind WHEN 'pass' THEN @settled_at::timestamptz ELSE @now::timestamptz END)
ORDER BY v.epoch COLLATE "C", v.seq LIMIT @max_rows;

-- name: ListHead :one
-- The mark of what was written last.
SELECT epoch, seq FROM versions WHERE site_id = @site_id AND kind IN ('pass', 'token', 'block', 'message')
ORDER BY epoch COLLATE "C" DESC, seq DESC LIMIT 1;
