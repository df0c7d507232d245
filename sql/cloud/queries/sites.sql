-- name: AddSite :exec
INSERT INTO sites (tenant_id, id, code, name, timezone, currency, language, tariff_id, tariff_version,
    exit_proof, bank_bin, bank_account, created_at)
VALUES (@tenant_id, @id, @code, @name, @timezone, @currency, @language, @tariff_id, @tariff_version,
    @exit_proof, @bank_bin, @bank_account, @created_at);

-- name: Site :one
SELECT * FROM sites WHERE id = @id;

-- name: SiteByCode :one
SELECT * FROM sites WHERE code = @code;

-- name: Sites :many
SELECT * FROM sites ORDER BY code;

-- name: LockSiteForAudit :one
-- The weaker lock lets rows that refer to the site be written meanwhile.
SELECT id FROM sites WHERE id = @id FOR NO KEY UPDATE;
