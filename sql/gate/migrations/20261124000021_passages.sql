-- +goose Up
-- When an opening was over: its vehicle has passed, has backed out, or was
-- taken off the lane by a guard. A lane does not show it after a start.
ALTER TABLE lane_openings ADD COLUMN over_ms INTEGER;

-- +goose Down
ALTER TABLE lane_openings DROP COLUMN over_ms;
