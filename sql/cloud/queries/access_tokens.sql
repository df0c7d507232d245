-- name: AddToken :exec
INSERT INTO access_tokens (tenant_id, hash, kind, user_id, site_id, gate, created_at, seen_at, expires_at)
VALUES (@tenant_id, @hash, @kind, @user_id, @site_id, @gate, @now::timestamptz, @now::timestamptz, @expires_at);

-- name: TokenOwner :one
SELECT t.tenant_id, t.site_id, s.code AS site_code, t.kind, t.user_id, t.gate, t.expires_at, t.revoked_at, t.seen_at,
    coalesce(u.name, '')::text AS name, coalesce(u.display, '')::text AS display,
    coalesce(u.language, s.language)::text AS language, coalesce(r.role, '')::text AS role,
    u.disabled_at, g.revoked_at AS gate_revoked_at
FROM access_tokens t JOIN sites s ON s.id = t.site_id
    LEFT JOIN users u ON u.id = t.user_id
    LEFT JOIN user_roles r ON r.site_id = t.site_id AND r.user_id = t.user_id
    LEFT JOIN gates g ON g.site_id = t.site_id AND g.code = t.gate
WHERE t.hash = @hash;

-- name: SawToken :exec
UPDATE access_tokens SET seen_at = @now::timestamptz WHERE hash = @hash AND seen_at < @now::timestamptz;

-- name: RevokeToken :execrows
UPDATE access_tokens SET revoked_at = @now::timestamptz WHERE hash = @hash AND revoked_at IS NULL;

-- name: RevokeGateTokens :exec
UPDATE access_tokens SET revoked_at = @now::timestamptz
WHERE site_id = @site_id AND gate = @gate::text AND revoked_at IS NULL;

-- name: RevokeUserTokens :exec
UPDATE access_tokens SET revoked_at = @now::timestamptz
WHERE user_id = @user_id::uuid AND revoked_at IS NULL;

-- name: DropOldTokens :execrows
DELETE FROM access_tokens WHERE expires_at < @before;
