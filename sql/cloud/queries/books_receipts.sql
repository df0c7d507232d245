-- name: BooksReceipts :many
-- One page of a period, after (after_at, after_id), each with what was given
-- back of its payment.
SELECT f.id, f.at, f.gate, f.actor, f.encoded, coalesce(p.refunded, 0)::bigint AS refunded
FROM facts f LEFT JOIN payments p ON p.site_id = f.site_id AND p.id = (convert_from(f.encoded, 'UTF8')::jsonb #>> '{body,payment}')::uuid
WHERE f.site_id = @site_id AND f.kind = 'receipt_issued' AND f.at >= @from_at AND f.at < @until_at
    AND (f.at, f.id) > (@after_at::timestamptz, @after_id::uuid)
ORDER BY f.at, f.id LIMIT @max_rows;
