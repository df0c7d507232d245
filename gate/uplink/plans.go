package uplink

import (
	"context"
	"net/http"
	"time"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Reserve asks the cloud to hold a slot for this gate. Conflict when somebody
// else holds it; Unavailable, at once or within 300 ms, when the cloud cannot
// be reached: then nobody knows.
func (u *Uplink) Reserve(ctx context.Context, slot string) (wire.Reservation, error) {
	return u.plan(ctx, pathReserve, wire.ReserveRequest{Slot: slot})
}

// Renew holds a reservation for longer. Conflict when it has ended.
func (u *Uplink) Renew(ctx context.Context, r wire.Reservation) (wire.Reservation, error) {
	return u.plan(ctx, pathRenew, wire.ReserveRequest{Slot: r.Slot, Token: r.Token})
}

// Release gives a reservation back. When it fails, the reservation ends by itself.
func (u *Uplink) Release(ctx context.Context, r wire.Reservation) error {
	return u.question(ctx, u.timing.Plan, call{
		method: http.MethodPost, path: pathRelease, body: wire.ReserveRequest{Slot: r.Slot, Token: r.Token},
	}, nil)
}

func (u *Uplink) plan(ctx context.Context, path string, req wire.ReserveRequest) (wire.Reservation, error) {
	var r wire.Reservation
	if err := u.question(ctx, u.timing.Plan, call{method: http.MethodPost, path: path, body: req}, &r); err != nil {
		return wire.Reservation{}, err
	}
	if r.Slot != req.Slot || r.Token == "" {
		return wire.Reservation{}, parking.Errorf(parking.Unavailable, "The cloud's answer is not about slot %s.", req.Slot)
	}
	return r, nil
}

// SignIn asks the cloud whether a guard may sign in at this gate. Unauthorized
// or Forbidden with a sentence when not; Unavailable, at once or within three
// seconds, when the cloud cannot be reached.
func (u *Uplink) SignIn(ctx context.Context, name, password string) (wire.SignInAnswer, error) {
	var a wire.SignInAnswer
	err := u.question(ctx, u.timing.SignIn, call{
		method: http.MethodPost, path: pathSignIn, body: wire.SignInRequest{Name: name, Password: password}, once: true,
	}, &a)
	if err != nil {
		return wire.SignInAnswer{}, err
	}
	if a.Name == "" || a.Role == "" {
		return wire.SignInAnswer{}, parking.Errorf(parking.Unavailable, "What answers is not our cloud.")
	}
	return a, nil
}

// question asks something that somebody waits for: not at all when the link
// is down, and not for longer than limit.
func (u *Uplink) question(ctx context.Context, limit time.Duration, c call, answer any) error {
	if !u.reachable() {
		return parking.Errorf(parking.Unavailable, "The cloud cannot be reached.")
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := u.ask(ctx, c, answer); err != nil {
		return refusalWords(err)
	}
	return nil
}
