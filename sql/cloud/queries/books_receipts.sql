-- name: BooksReceiptsOfStay :many
-- Receipts of one stay, those of an exit that was matched with it too.
SELECT encoded FROM facts WHERE site_id = @site_id AND stay_id = ANY (@stays::uuid[]) AND kind = 'receipt_issued' ORDER BY at, id;

-- name: BooksReceipts :many
-- One page of a period, after (after_at, after_id).
SELECT id, at, encoded FROM facts
WHERE site_id = @site_id AND kind = 'receipt_issued' AND at >= @from_at AND at < @to_at
    AND (at, id) > (@after_at::timestamptz, @after_id::uuid)
ORDER BY at, id LIMIT @max_rows;

-- name: BooksReceipt :one
-- The first of a series and number.
SELECT encoded FROM facts
WHERE site_id = @site_id AND kind = 'receipt_issued' AND split_part(subject, ' ', 1) = @series::text
    AND split_part(subject, ' ', 2)::bigint = @number::bigint ORDER BY at, id LIMIT 1;
