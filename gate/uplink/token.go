package uplink

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"time"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// renewBefore is how long before its end a token is renewed.
const renewBefore = 2 * time.Minute

// token is the gate's bearer token. Its lock is a channel, so that somebody
// who may wait 300 ms does not wait for a challenge that takes longer.
type token struct {
	lock    chan struct{} // holds one
	value   string
	expires time.Time
}

func (t *token) take(ctx context.Context) error {
	select {
	case t.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *token) give() { <-t.lock }

// bearer returns a token that is good for a while, asking for a new one by a
// signed challenge when needed.
func (u *Uplink) bearer(ctx context.Context) (string, error) {
	if err := u.token.take(ctx); err != nil {
		return "", fmt.Errorf("get a token: %w", err)
	}
	defer u.token.give()
	if u.token.value != "" && u.clock.Now().Add(renewBefore).Before(u.token.expires) {
		return u.token.value, nil
	}
	var challenge wire.ChallengeAnswer
	err := do(ctx, u.http, u.id.CloudURL, call{
		method: http.MethodPost, path: pathChallenge, body: wire.ChallengeRequest{Site: u.id.Site, Gate: u.id.Gate},
	}, &challenge)
	if err != nil {
		return "", err
	}
	text := wire.ChallengeText(u.id.Site, u.id.Gate, challenge.Challenge)
	var answer wire.TokenAnswer
	err = do(ctx, u.http, u.id.CloudURL, call{method: http.MethodPost, path: pathToken, body: wire.TokenRequest{
		Site: u.id.Site, Gate: u.id.Gate, Challenge: challenge.Challenge, Signature: ed25519.Sign(u.id.PrivateKey, text),
	}}, &answer)
	if err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", loginPage(http.StatusOK)
	}
	u.token.value, u.token.expires = answer.Token, answer.Expires
	return answer.Token, nil
}

// forget drops a token that the cloud no longer takes.
func (u *Uplink) forget(ctx context.Context, value string) {
	if u.token.take(ctx) != nil {
		return
	}
	defer u.token.give()
	if u.token.value == value {
		u.token.value = ""
	}
}

// ask sends a call with the gate's token. A token that is no longer taken is
// replaced once.
func (u *Uplink) ask(ctx context.Context, c call, answer any) error {
	for again := false; ; again = true {
		t, err := u.bearer(ctx)
		if err != nil {
			return err
		}
		c.token = t
		err = do(ctx, u.http, u.id.CloudURL, c, answer)
		if parking.ErrorCode(err) != parking.Unauthorized || again || c.once {
			return err
		}
		u.forget(ctx, t)
	}
}
