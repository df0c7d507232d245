package passes

import (
	"context"
	"strings"
	"unicode/utf8"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// Listed is a plate that guards shall look at: blocked, or with a note.
type Listed struct {
	Plate   string `json:"plate"` // as typed
	Blocked bool   `json:"blocked"`
	Note    string `json:"note,omitempty"`
}

func (l *Listed) version() (*parking.BlockVersion, error) {
	plate, err := parking.ParsePlate(l.Plate)
	if err != nil {
		return nil, err
	}
	l.Note = strings.TrimSpace(l.Note)
	switch {
	case utf8.RuneCountInString(l.Note) > maxNote || !utf8.ValidString(l.Note) || strings.ContainsFunc(l.Note, isControl):
		return nil, parking.Errorf(parking.Invalid, "A note has at most %d letters, in one line.", maxNote)
	case l.Blocked && l.Note == "":
		return nil, parking.Errorf(parking.Invalid, "Say in the note why the vehicle is blocked: the guard reads it at the barrier.")
	}
	return &parking.BlockVersion{Plate: plate, Blocked: l.Blocked, Note: l.Note}, nil
}

// List writes what guards shall know of a plate from now on. Without a block
// and without a note the plate is on no list any more.
func (k *Keeper) List(ctx context.Context, p auth.Principal, l Listed) error {
	v, err := l.version()
	if err != nil {
		return err
	}
	now := k.Now()
	_, err = k.Ingest.Write(ctx, p.Site, p.Name, now, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		was, _, err := newest[parking.BlockVersion](ctx, t, parking.KindBlock, string(v.Plate))
		if err != nil || sameListed(was, v) {
			return nil, err
		}
		v.From = parking.BusinessTime(now)
		err = k.Auth.Audit(ctx, t.Q, p, auth.Entry{Action: "vehicle.listed", Subject: string(v.Plate), Before: was, After: v})
		if err != nil {
			return nil, err
		}
		return []ingest.Act{{Kind: parking.KindBlock, Body: v}}, nil
	})
	return err
}

func sameListed(was, v *parking.BlockVersion) bool {
	if was == nil {
		return !v.Blocked && v.Note == ""
	}
	return was.Blocked == v.Blocked && was.Note == v.Note
}
