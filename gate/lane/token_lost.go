package lane

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// LoseToken writes that the driver at an exit has lost the card or ticket of
// one of the stays that the vehicle may be (the one that was chosen, if stay is
// the zero id): with a reason and a photo of this moment. The stay goes on
// without its token and is picked; what a lost one costs is added to the fee.
// Said twice is once.
func (d *Desk) LoseToken(ctx context.Context, code string, subject, stay uuid.UUID, reason string) error {
	reason, err := needReason(reason)
	if err != nil {
		return err
	}
	d.mu.Lock()
	_, p, _, err := d.mayLose(ctx, code, subject, stay)
	d.mu.Unlock()
	if err != nil {
		return err
	}
	photos := d.photoNow(ctx, p)
	d.mu.Lock()
	defer d.mu.Unlock()
	v, _, at, err := d.mayLose(ctx, code, subject, stay)
	if err != nil {
		return err
	}
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	if len(photos) == 0 {
		photos = v.photos
	}
	v.Matches = slices.Clone(v.Matches)
	m := &v.Matches[at]
	if now, err := d.cfg.State.Stay(ctx, m.Stay.ID); err == nil {
		m.Stay = now // another gate may have written it since
	}
	if m.Stay.TokenLostAt == nil {
		_, err = d.write(ctx, state.Draft{Kind: parking.KindTokenLost, Actor: actor, Body: &parking.TokenLost{
			Stay: m.Stay.ID, Token: m.Stay.Token, Reason: reason, Photos: photos,
		}})
		if err != nil {
			return err
		}
		if m.Stay, err = d.cfg.State.Stay(ctx, m.Stay.ID); err != nil {
			return err
		}
	}
	if v.Stage == Paying { // the code was for the fee without it
		v.Stage, v.QR, v.Reference = Offered, "", ""
	}
	m.ByToken = false
	d.price(v, m)
	v.Chosen, v.picked, v.Check = at, true, false
	v.Due = m.Quote.Due
	for _, w := range []string{warnPick, warnNoCard, warnWasLost} {
		v.forget(w)
	}
	d.touch()
	return nil
}

// mayLose finds vehicle and match that a lost token is of. mu is held.
func (d *Desk) mayLose(ctx context.Context, code string, subject, stay uuid.UUID) (v *vehicle, p *post, at int, err error) {
	l, p, v, _, err := d.at(ctx, code, subject)
	switch {
	case err != nil:
		return nil, nil, 0, err
	case l.Direction != parking.Out:
		return nil, nil, 0, parking.Errorf(parking.Conflict, "Lane %s leads in.", l.Code)
	case v.done:
		return nil, nil, 0, parking.Errorf(parking.Conflict, "This vehicle has left already.")
	}
	at = v.Chosen
	if stay != uuid.Nil {
		at = slices.IndexFunc(v.Matches, func(m Match) bool { return m.Stay.ID == stay })
	}
	if at < 0 || at >= len(v.Matches) {
		return nil, nil, 0, parking.Errorf(parking.Conflict, "It is not certain which vehicle this is. Compare the pictures and pick one.")
	}
	if _, err := d.inside(ctx, v.Matches[at].Stay.ID); err != nil {
		return nil, nil, 0, err
	}
	if v.Matches[at].Stay.Token == "" {
		return nil, nil, 0, parking.Errorf(parking.Conflict, "This vehicle came in without a card or ticket; there is none to lose.")
	}
	return v, p, at, nil
}

// photoNow takes and keeps a picture of this moment: the driver with his
// papers. A lane without camera has none, which stops nobody.
func (d *Desk) photoNow(ctx context.Context, p *post) []parking.PhotoRef {
	for _, role := range []parking.CameraRole{parking.RoleFace, parking.RolePlate, parking.RoleOverview, parking.RoleOverview2} {
		if p.cameras[role] == nil {
			continue
		}
		frame, err := d.takeFrame(ctx, p, role)
		if err != nil {
			continue
		}
		ref, err := d.keepPhoto(context.WithoutCancel(ctx), role, frame.JPEG)
		if err == nil {
			return []parking.PhotoRef{ref}
		}
		d.log.Warn("the picture for a lost token was not kept", "lane", p.code, "error", err)
	}
	return nil
}

// paysLost says whether the stay is charged for a lost card or ticket.
func paysLost(tariff *parking.Tariff, s parking.Stay) bool {
	return s.TokenLostAt != nil && tariff.Classes[s.Class].LostTicket != nil
}
