-- name: SeeVehicle :exec
INSERT INTO vehicles (plate, display, class, seen_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (plate) DO UPDATE SET display = excluded.display, class = excluded.class, seen_ms = excluded.seen_ms
WHERE excluded.seen_ms >= vehicles.seen_ms;

-- name: Vehicle :one
SELECT * FROM vehicles WHERE plate = ?;
