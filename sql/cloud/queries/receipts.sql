-- name: LastReceipt :one
-- The highest number that is held of a series.
SELECT coalesce(max(split_part(subject, ' ', 2)::bigint), 0)::bigint FROM facts
WHERE site_id = @site_id AND kind = 'receipt_issued' AND split_part(subject, ' ', 1) = @series::text;
