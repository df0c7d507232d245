-- name: AddPhoto :exec
INSERT INTO photos (sha256, bytes, at_ms, sent_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (sha256) DO NOTHING;

-- name: PhotosWaiting :many
SELECT sha256, at_ms FROM photos WHERE sent_ms IS NULL ORDER BY at_ms LIMIT ?;

-- name: PhotoSent :exec
UPDATE photos SET sent_ms = ? WHERE sha256 = ?;

-- A cloud that lost photos is sent them again.
-- name: ResendPhotos :exec
UPDATE photos SET sent_ms = NULL WHERE sent_ms IS NOT NULL AND at_ms >= ?;

-- name: OldPhotos :many
SELECT sha256 FROM photos WHERE sent_ms IS NOT NULL AND at_ms < ? LIMIT ?;

-- name: DeletePhoto :exec
DELETE FROM photos WHERE sha256 = ?;
