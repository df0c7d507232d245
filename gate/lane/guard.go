package lane

import (
	"context"
	"strings"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

type (
	actorKey struct{}
	guardKey struct{}
)

// WithActor returns a context whose acts are written under name. The local
// API uses it: its token stands for the sign-in.
func WithActor(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, actorKey{}, name)
}

// withGuard returns a context whose acts are g's, who is signed in at a console
// of his own.
func withGuard(ctx context.Context, g Guard) context.Context {
	return context.WithValue(ctx, guardKey{}, g)
}

// signedIn is the guard of the context's console, else the gate's own; nil for
// nobody.
func (d *Desk) signedIn(ctx context.Context) *Guard {
	if g, ok := ctx.Value(guardKey{}).(Guard); ok {
		return &g
	}
	return d.guard.Load()
}

// actor is who acts: the context's actor, else the guard who is signed in.
// mu is held.
func (d *Desk) actor(ctx context.Context) (string, error) {
	if name, ok := ctx.Value(actorKey{}).(string); ok && name != "" {
		return name, nil
	}
	g := d.signedIn(ctx)
	if g == nil {
		return "", parking.Errorf(parking.Unauthorized, "Nobody is signed in at this gate. Sign in first.")
	}
	return g.Name, nil
}

// SignIn signs a guard in at this gate: by the cloud when it can be asked,
// else by what the gate remembers of guards who were here before. An offline
// sign-in is written down as a fact. A wrong name or password is refused with
// code Unauthorized; how often it may be tried is the cloud's and the state's
// word.
func (d *Desk) SignIn(ctx context.Context, name, password string) error {
	guard, err := d.Authenticate(ctx, name, password)
	if err != nil {
		return err
	}
	d.guard.Store(&guard)
	d.touch()
	return nil
}

// Authenticate checks a guard's name and password as SignIn does, and signs
// nobody in at the gate: it is for a console with a guard of its own.
func (d *Desk) Authenticate(ctx context.Context, name, password string) (Guard, error) {
	guard, offline, err := d.checkGuard(ctx, name, password)
	if err == nil && offline {
		err = d.signedInOffline(ctx, guard)
	}
	if err != nil {
		return Guard{}, err
	}
	return guard, nil
}

// KnownGuard is a guard whom this gate remembers and whose time without the
// cloud has not ended; who else asks is refused with code Unauthorized.
func (d *Desk) KnownGuard(ctx context.Context, name string) (Guard, error) {
	known, err := d.cfg.State.KnownGuard(ctx, name)
	if err != nil {
		return Guard{}, err
	}
	return Guard{Name: known.Name, Display: known.Display, Role: known.Role}, nil
}

// EnterByKey lets a guard in who has shown a key: without the cloud's word, and
// written down so.
func (d *Desk) EnterByKey(ctx context.Context, guard Guard) error {
	return d.signedInOffline(ctx, guard)
}

// signedInOffline writes down that a guard was let in without the cloud's word.
func (d *Desk) signedInOffline(ctx context.Context, guard Guard) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.write(ctx, state.Draft{Kind: parking.KindSignedInOffline, Body: &parking.SignedInOffline{Guard: guard.Name}, Actor: guard.Name})
	return err
}

// checkGuard says who has that name and password, and whether the cloud could not
// be asked.
func (d *Desk) checkGuard(ctx context.Context, name, password string) (g Guard, offline bool, err error) {
	name = strings.TrimSpace(name)
	if name == "" || password == "" {
		return Guard{}, false, parking.Errorf(parking.Invalid, "Type your name and your password.")
	}
	if d.cfg.SignIn != nil && d.link().State != Offline {
		ctx, cancel := context.WithTimeout(ctx, signInTimeout)
		defer cancel()
		g, err := d.cfg.SignIn(ctx, name, password)
		if err == nil || !away(err) {
			return g, false, err
		}
	}
	known, err := d.cfg.State.CheckGuard(ctx, name, password)
	if err != nil {
		return Guard{}, true, err
	}
	return Guard{Name: known.Name, Display: known.Display, Role: known.Role}, true, nil
}

// away says whether err tells of a cloud that cannot be asked, rather than of
// its refusal.
func away(err error) bool {
	code := parking.ErrorCode(err)
	return code == parking.Unavailable || code == parking.Internal
}

// SignOut ends the guard's presence.
func (d *Desk) SignOut(context.Context) {
	d.guard.Store(nil)
	d.touch()
}

// link is the uplink's word, offline where there is none.
func (d *Desk) link() Link {
	if d.cfg.Link == nil {
		return Link{State: Offline, Why: "This gate works without a cloud."}
	}
	return d.cfg.Link()
}
