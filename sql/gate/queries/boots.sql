-- name: Boots :many
SELECT * FROM boots ORDER BY n;

-- name: PutBoot :exec
INSERT INTO boots (boot, wall_ms, guess_ms, dead, typed, stepped, guessed, error_ms, settled, boot_at_ms, correction_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (boot) DO UPDATE SET wall_ms = excluded.wall_ms, guess_ms = excluded.guess_ms, dead = excluded.dead,
    typed = excluded.typed, stepped = excluded.stepped, guessed = excluded.guessed, error_ms = excluded.error_ms,
    settled = excluded.settled, boot_at_ms = excluded.boot_at_ms, correction_ms = excluded.correction_ms;
