-- +goose Up
-- On what ground this database stood when its incarnation was given: cluster,
-- timeline and database. A restore or a promotion puts it on another, and
-- whoever connects first gives it a new incarnation. '' is not known yet.
ALTER TABLE incarnation ADD COLUMN ground text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE incarnation DROP COLUMN ground;
