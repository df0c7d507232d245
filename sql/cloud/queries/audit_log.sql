-- name: AuditHead :one
SELECT n, hash FROM audit_log WHERE site_id = @site_id ORDER BY n DESC LIMIT 1;

-- name: AddAudit :exec
INSERT INTO audit_log (tenant_id, site_id, n, at, actor, action, subject, before, after, prev_hash, hash)
VALUES (@tenant_id, @site_id, @n, @at, @actor, @action, @subject, @before, @after, @prev_hash, @hash);

-- name: AuditAfter :many
SELECT * FROM audit_log WHERE site_id = @site_id AND n > @after ORDER BY n LIMIT @max_rows;
