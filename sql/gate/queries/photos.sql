-- name: AddPhoto :execrows
INSERT INTO photos (sha256, bytes, at_ms, sent_ms, thumb) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (sha256) DO NOTHING;

-- Thumbnails first.
-- name: PhotosWaiting :many
SELECT sha256, at_ms, thumb FROM photos WHERE sent_ms IS NULL ORDER BY thumb DESC, at_ms LIMIT ?;

-- name: ThumbsWaiting :one
SELECT count(*) FROM (SELECT 1 FROM photos WHERE sent_ms IS NULL AND thumb = 1 LIMIT 1);

-- name: PhotoSent :exec
UPDATE photos SET sent_ms = ? WHERE sha256 = ?;

-- A cloud that lost photos is sent them again.
-- name: ResendPhotos :exec
UPDATE photos SET sent_ms = NULL WHERE sent_ms IS NOT NULL AND at_ms >= ?;

-- name: OldPhotos :many
SELECT sha256, bytes FROM photos WHERE sent_ms < ? LIMIT ?;

-- What may go first when the folder is full: photos before thumbnails, the
-- oldest first, never one that the cloud does not have.
-- name: OldestSentPhotos :many
SELECT sha256, bytes FROM photos WHERE sent_ms IS NOT NULL ORDER BY thumb, at_ms LIMIT ?;

-- name: PhotoBytes :one
SELECT CAST(coalesce(sum(bytes), 0) AS INTEGER) FROM photos;

-- name: DeletePhoto :exec
DELETE FROM photos WHERE sha256 = ?;

-- name: PhotosSince :one
SELECT CAST(coalesce(sum(bytes), 0) AS INTEGER) AS bytes, CAST(coalesce(min(at_ms), 0) AS INTEGER) AS first_ms
FROM photos WHERE at_ms >= ?;
