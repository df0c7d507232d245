-- +goose Up
-- Thumbnails (plate crop, face) go before all photos, as soon as no fact waits.
ALTER TABLE photos ADD COLUMN thumb INTEGER NOT NULL DEFAULT 0 CHECK (thumb IN (0, 1));
DROP INDEX photos_waiting;
CREATE INDEX photos_waiting ON photos (thumb DESC, at_ms) WHERE sent_ms IS NULL;
-- What may go when the disk is full: the oldest that the cloud has.
CREATE INDEX photos_sent ON photos (thumb, at_ms) WHERE sent_ms IS NOT NULL;

-- +goose Down
DROP INDEX photos_sent;
DROP INDEX photos_waiting;
CREATE INDEX photos_waiting ON photos (at_ms) WHERE sent_ms IS NULL;
ALTER TABLE photos DROP COLUMN thumb;
