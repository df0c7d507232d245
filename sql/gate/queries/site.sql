-- name: PutSite :exec
INSERT INTO site (name, document) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET document = excluded.document;

-- name: Site :one
SELECT document FROM site WHERE name = ?;
