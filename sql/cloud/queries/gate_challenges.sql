-- name: AddChallenge :exec
INSERT INTO gate_challenges (site_id, gate, hash, expires_at) VALUES (@site_id, @gate, @hash, @expires_at);

-- name: TakeChallenge :execrows
DELETE FROM gate_challenges WHERE site_id = @site_id AND gate = @gate AND hash = @hash AND expires_at > @now::timestamptz;

-- name: DropOldChallenges :exec
-- Also bounds how many wait for one gate: a new one pushes out the oldest.
DELETE FROM gate_challenges c WHERE c.site_id = @site_id AND c.gate = @gate AND (c.expires_at <= @now::timestamptz
    OR c.hash IN (SELECT o.hash FROM gate_challenges o WHERE o.site_id = @site_id AND o.gate = @gate
        ORDER BY o.expires_at DESC OFFSET 15));
