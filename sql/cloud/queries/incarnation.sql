-- name: EnsureIncarnation :exec
INSERT INTO incarnation (id, created_at) VALUES (@id, @created_at) ON CONFLICT DO NOTHING;

-- name: Incarnation :one
SELECT id FROM incarnation;

-- name: IncarnationGround :one
-- The incarnation, and the ground on which it was given.
SELECT id, ground, created_at FROM incarnation;

-- name: RenewIncarnation :execrows
-- Of several that notice at once, one renews.
UPDATE incarnation SET id = @id, ground = @ground, created_at = @created_at WHERE incarnation.id = @was;

-- name: SetGround :exec
UPDATE incarnation SET ground = @ground WHERE id = @id AND ground = '';
