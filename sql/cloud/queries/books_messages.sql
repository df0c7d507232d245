-- name: BookMessages :many
-- Messages as they are now, the newest first, after one.
SELECT m.key, m.written_at::timestamptz AS written_at, m.from_at, m.document FROM (
    SELECT DISTINCT ON (v.key) v.key, v.from_at, v.document, min(v.from_at) OVER (PARTITION BY v.key) AS written_at FROM versions v
    WHERE v.site_id = @site_id AND v.kind = 'message'
    ORDER BY v.key, v.from_at DESC, v.at DESC, v.epoch COLLATE "C" DESC, v.seq DESC, v.fact_id DESC) m
WHERE @after::text = '' OR (m.written_at, m.key) < (
    SELECT min(a.from_at), a.key FROM versions a WHERE a.site_id = @site_id AND a.kind = 'message' AND a.key = @after GROUP BY a.key)
ORDER BY m.written_at DESC, m.key DESC LIMIT @max_rows;

-- name: BookMessageReads :many
-- Where messages were read, by whom and when: at each gate by the first of its
-- facts in their order. A function of the facts that are held.
SELECT DISTINCT ON (f.subject, f.gate) f.subject::text AS message, f.gate, f.actor, f.at FROM facts f
WHERE f.site_id = @site_id AND f.kind = 'message_read' AND f.subject = ANY (@messages::text[])
ORDER BY f.subject, f.gate, f.at, f.epoch COLLATE "C", f.seq, f.id;
