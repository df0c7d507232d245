package books

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// LaneLeakage is what passed a lane and what was written of it.
type LaneLeakage struct {
	Gate, Lane string
	Passed     int // vehicles that a sensor saw
	Alone      int // of those, for no stay
	Facts      int // entries and exits, less those that backed out
}

// Sensed says whether anything at this lane tells that a vehicle passed.
func (l LaneLeakage) Sensed() bool { return l.Passed > 0 }

// Over is how many more vehicles passed than were written down; below zero
// when more were written than a sensor saw.
func (l LaneLeakage) Over() int { return l.Passed - l.Facts }

// How a gate was silent.
const (
	SilenceDark = "dark" // its program ran and wrote nothing for five minutes
	SilenceOff  = "off"  // its program did not run
	SilenceOpen = "open" // nothing has come since; what it wrote may still come
)

// Silence is a time in which the cloud holds no fact of a gate, within the
// period.
type Silence struct {
	Gate        string
	How         string
	From, Until time.Time
}

// Length is how long it was.
func (s Silence) Length() time.Duration { return s.Until.Sub(s.From) }

// Branch is a gate whose life branched: its database was copied back, or its
// machine was copied.
type Branch struct {
	Conflict string // hex
	Kind     string
	State    string
	At       time.Time
	Gate     string
	Epoch    string
}

// MissingFacts are facts that a gate says it has written, in an epoch that has
// ended, and that have not come.
type MissingFacts struct {
	Gate, Epoch   string
	Written, Held int64
	At            time.Time // when the next epoch began
}

// Lost is how many have not come.
func (m MissingFacts) Lost() int64 { return m.Written - m.Held }

// PassedAlone is a vehicle that went through a lane for no stay.
type PassedAlone struct {
	Fact   uuid.UUID
	At     time.Time
	Gate   string
	Lane   string
	Source string
	// Actor is who wrote something at that gate last before, within an hour:
	// who probably stood there.
	Actor string
	Photo string // SHA-256, "" for none that has come
}

func (b *Books) leakageLanes(ctx context.Context, l *Leakage, _ time.Time) error {
	rows, err := b.q.LeakageLanes(ctx, cloudsql.LeakageLanesParams{Site: l.Site.ID, FromAt: l.Period.FromAt, UntilAt: l.Period.UntilAt})
	if err != nil {
		return fmt.Errorf("count what passed: %w", err)
	}
	for _, r := range rows {
		l.Lanes = append(l.Lanes, LaneLeakage{
			Gate: r.Gate, Lane: r.Lane, Passed: int(r.Passed), Alone: int(r.Alone), Facts: int(r.Ins + r.Outs - r.Backed),
		})
	}
	return nil
}

// PassedAlone lists the vehicles of a period that went through a lane for no stay.
func (b *Books) PassedAlone(ctx context.Context, site Site, p Period) ([]PassedAlone, error) {
	rows, err := b.q.LeakageAlone(ctx, cloudsql.LeakageAloneParams{Site: site.ID, FromAt: p.FromAt, UntilAt: p.UntilAt, Most: 2000})
	if err != nil {
		return nil, fmt.Errorf("read who passed alone: %w", err)
	}
	var out []PassedAlone
	var refs []parking.PhotoRef
	for i := range rows {
		r := &rows[i]
		f, err := readFact(r.Encoded, r.At)
		if err != nil {
			return nil, fmt.Errorf("fact %s: %w", r.ID, err)
		}
		one := PassedAlone{Fact: r.ID, At: r.At, Gate: r.Gate, Lane: r.Lane, Actor: r.Actor}
		if b, ok := f.Told.(*parking.LanePassage); ok {
			one.Source = b.Source
			if len(b.Photos) > 0 {
				one.Photo, refs = b.Photos[0].SHA256, append(refs, b.Photos[0])
			}
		}
		out = append(out, one)
	}
	held, err := b.photosHeld(ctx, site.ID, refs)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if !held[out[i].Photo] {
			out[i].Photo = ""
		}
	}
	return out, nil
}

// besidePeriod is how far beside the period the facts before and after a
// silence are looked for.
const besidePeriod = 12 * time.Hour

// silentAfter is how long a gate that runs may write nothing: it writes that it
// lives each minute in which nothing else happens.
const silentAfter = 5 * time.Minute

func (b *Books) leakageSilences(ctx context.Context, l *Leakage, _ time.Time) error {
	scanFrom, scanUntil := l.Period.FromAt.Add(-besidePeriod), l.Period.UntilAt.Add(besidePeriod)
	rows, err := b.q.LeakageSilences(ctx, cloudsql.LeakageSilencesParams{
		Site: l.Site.ID, FromAt: l.Period.FromAt, UntilAt: l.At, ScanFrom: scanFrom, ScanUntil: scanUntil,
	})
	if err != nil {
		return fmt.Errorf("look for silence: %w", err)
	}
	for _, r := range rows {
		how := SilenceOff
		if r.Up {
			how = SilenceDark
		}
		l.silent(r.Gate, how, r.FromAt, r.UntilAt)
	}
	ends, err := b.q.LeakageEnds(ctx, cloudsql.LeakageEndsParams{Site: l.Site.ID, ScanFrom: scanFrom, ScanUntil: scanUntil})
	if err != nil {
		return fmt.Errorf("look for the last facts: %w", err)
	}
	for _, e := range ends {
		switch last := e.LastAt; {
		case e.EndAt.Year() == 1: // it has never written anything
		case last.Year() == 1 && e.EndAt.Before(l.Period.FromAt):
			l.silent(e.Code, SilenceOpen, l.Period.FromAt, l.At)
		case last.Year() == 1 || !l.At.After(last.Add(silentAfter)):
		case e.EndAt.After(last):
			l.silent(e.Code, SilenceOff, last, l.At)
		default:
			l.silent(e.Code, SilenceOpen, last, l.At)
		}
	}
	slices.SortStableFunc(l.Silences, func(a, b Silence) int { return a.From.Compare(b.From) })
	return nil
}

func (l *Leakage) silent(gate, how string, from, until time.Time) {
	if from.Before(l.Period.FromAt) {
		from = l.Period.FromAt
	}
	if until.After(l.At) {
		until = l.At
	}
	if until.After(from) {
		l.Silences = append(l.Silences, Silence{Gate: gate, How: how, From: from, Until: until})
	}
}

func (b *Books) leakageBranches(ctx context.Context, l *Leakage, _ time.Time) error {
	rows, err := b.q.LeakageBranches(ctx, cloudsql.LeakageBranchesParams{Site: l.Site.ID, FromAt: l.Period.FromAt, UntilAt: l.Period.UntilAt})
	if err != nil {
		return fmt.Errorf("look for databases that were copied back: %w", err)
	}
	for i := range rows {
		r := &rows[i]
		l.Branches = append(l.Branches, Branch{
			Conflict: hex.EncodeToString(r.ID), Kind: r.Kind, State: r.State, At: r.At, Gate: r.Gate, Epoch: r.Epoch,
		})
	}
	missing, err := b.q.LeakageMissing(ctx, cloudsql.LeakageMissingParams{Site: l.Site.ID, FromAt: l.Period.FromAt, UntilAt: l.Period.UntilAt})
	if err != nil {
		return fmt.Errorf("look for facts that did not come: %w", err)
	}
	for _, r := range missing {
		l.Missing = append(l.Missing, MissingFacts{Gate: r.Gate, Epoch: r.Epoch, Written: r.Written, Held: r.Held, At: r.At})
	}
	return nil
}
