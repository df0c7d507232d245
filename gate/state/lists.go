package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// settingLists is up to where this gate has the lists: the incarnation of the
// cloud that told them, a space, and the mark.
const settingLists = "lists_mark"

// Lists are the passes, the block list and the messages that this gate knows.
// Cards lie on disk only, see State.Card. It is immutable.
type Lists struct {
	// Whole says that the lists were fetched to their end at least once: what is
	// not in them is not known to the site.
	Whole bool
	// Cards says whether the site keeps a list of its cards.
	Cards   bool
	passes  map[string][]parking.PassVersion // in the order in which they hold
	byPlate map[parking.Plate][]string       // passes that name it in any version, sorted
	plates  map[parking.Plate][]parking.BlockVersion
	// messages are by id, each one's versions in the order in which they hold.
	messages map[uuid.UUID][]parking.MessageVersion

	incarnation uuid.UUID // of the cloud that told them
	mark        wire.ListMark
}

func noLists() *Lists {
	return &Lists{
		passes: map[string][]parking.PassVersion{}, byPlate: map[parking.Plate][]string{}, plates: map[parking.Plate][]parking.BlockVersion{},
		messages: map[uuid.UUID][]parking.MessageVersion{},
	}
}

// listsHead is how far the cloud said that the lists were written.
type listsHead struct {
	told        bool
	incarnation uuid.UUID
	mark        wire.ListMark
}

// Pass lists the versions of a pass in the order in which they hold: the
// parking.PassBook of this gate.
func (l *Lists) Pass(code string) []parking.PassVersion { return l.passes[code] }

// PassesOf lists the passes that name a plate, or did.
func (l *Lists) PassesOf(p parking.Plate) []string { return l.byPlate[p] }

// Mark is up to where the cloud's lists are here.
func (l *Lists) Mark() wire.ListMark { return l.mark }

// Listed is what the block list says of a plate at a time; nil for nothing.
func (l *Lists) Listed(p parking.Plate, at time.Time) *parking.BlockVersion {
	versions := l.plates[p]
	for i := len(versions) - 1; i >= 0; i-- {
		v := &versions[i]
		if v.From.After(at) {
			continue
		}
		if !v.Blocked && v.Note == "" {
			return nil
		}
		return v
	}
	return nil
}

// OnPass lists the stays inside that name a pass and hold one of its places:
// not those that the cloud has judged to have come when all were taken.
func (s *Site) OnPass(code string) []parking.Stay {
	var of []*parking.Stay
	for i := range s.Inside {
		if s.Inside[i].Pass == code && !s.PassRefused(s.Inside[i].ID) {
			of = append(of, &s.Inside[i])
		}
	}
	holds := parking.PassHolders(of, s.Lists.Pass(code))
	var out []parking.Stay
	for _, stay := range of {
		if holds[stay] {
			out = append(out, *stay)
		}
	}
	return out
}

// PassRefused says whether the cloud has judged that the pass of a stay does not
// cover it, or had no place for it: the stay is priced as without.
func (s *Site) PassRefused(stay uuid.UUID) bool {
	return slices.ContainsFunc(s.Conflicts, func(c wire.Conflict) bool {
		return (c.Kind == "pass_over" || c.Kind == "pass_places") && len(c.Stays) > 0 && c.Stays[len(c.Stays)-1] == stay
	})
}

// Card is what the site's list says of a card now: "" for one that is not in it,
// also where the site keeps none or this gate has not heard it yet.
func (s *State) Card(ctx context.Context, number string) (string, error) {
	if l := s.Site().Lists; !l.Cards {
		return "", nil
	}
	doc, err := s.store.Read().TokenNow(ctx, gatesql.TokenNowParams{Key: number, FromMs: s.clock.Now().UnixMilli()})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", s.diskError("read a card", err)
	}
	var v parking.TokenVersion
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		return "", fmt.Errorf("read a card: %w", err)
	}
	return v.State, nil
}

// TellLists notes how far the cloud says that it has written the lists; nil for
// one that has none for gates.
func (s *State) TellLists(incarnation uuid.UUID, head *wire.ListMark) {
	if head == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listsHead = listsHead{told: true, incarnation: incarnation, mark: *head}
	s.notify()
}

// ListsBehind says whether the cloud has written more than this gate has, and
// after which mark to ask.
func (s *State) ListsBehind() (after wire.ListMark, behind bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, l := s.listsHead, s.lists
	switch {
	case !h.told:
		return after, false
	case l.incarnation != h.incarnation:
		return after, true // another database: from the begin
	}
	return l.mark, !l.Whole || h.mark.Compare(l.mark) > 0
}

// ApplyLists takes in a page that was asked for after a mark. What another
// incarnation told stays until all of this one's is here.
func (s *State) ApplyLists(ctx context.Context, after wire.ListMark, page wire.Lists) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	was := s.Site().Lists
	another := was.incarnation != page.Incarnation
	if !another && was.mark != after || another && after != (wire.ListMark{}) {
		return nil // it was asked for before something changed, and is again
	}
	first := another || !was.Whole
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		for i := range page.Versions {
			if err := putListVersion(ctx, q, page.Incarnation, &page.Versions[i]); err != nil {
				return err
			}
		}
		if first && !page.More {
			if err := q.DropListsBut(ctx, page.Incarnation.String()); err != nil {
				return fmt.Errorf("drop what another cloud told: %w", err)
			}
		}
		p := gatesql.SetSettingParams{Name: settingLists, Value: settingOfLists(page.Incarnation, page.Next, first && page.More)}
		if err := q.SetSetting(ctx, p); err != nil {
			return fmt.Errorf("write how far the lists are here: %w", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("apply the lists: %w", err)
	}
	next, err := s.loadLists(ctx, s.store.Read())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = next
	s.publish()
	return nil
}

// partly marks a setting that was written between two pages.
const partly = "…"

func settingOfLists(incarnation uuid.UUID, mark wire.ListMark, more bool) string {
	s := incarnation.String() + " " + mark.String()
	if more {
		s += partly
	}
	return s
}

func putListVersion(ctx context.Context, q *gatesql.Queries, incarnation uuid.UUID, v *wire.ListVersion) error {
	body, err := parking.DecodeBody(parking.Fact{Kind: v.Kind, V: parking.FactVersion, Body: v.Body})
	if err != nil {
		return nil //nolint:nilerr // a newer cloud's: this gate cannot use it
	}
	key, from := parking.VersionOf(body)
	if key == "" {
		return nil
	}
	err = q.PutListVersion(ctx, gatesql.PutListVersionParams{
		Kind: string(v.Kind), Key: key, FromMs: from.UnixMilli(), AtMs: v.At.UnixMilli(), Epoch: string(v.Epoch), Seq: v.Seq,
		Incarnation: incarnation.String(), Document: string(v.Body),
	})
	if err != nil {
		return fmt.Errorf("write a version of a %s: %w", v.Kind, err)
	}
	return nil
}

// forgottenPass is how long ago a pass must have ended for the gate to do
// without it in memory: no stay is that long.
const forgottenPass = 90 * 24 * time.Hour

// loadLists reads the lists from the disk.
func (s *State) loadLists(ctx context.Context, q *gatesql.Queries) (*Lists, error) {
	l := noLists()
	text, err := s.store.Setting(ctx, settingLists)
	if err != nil {
		return nil, err
	}
	if incarnation, mark, ok := strings.Cut(text, " "); ok {
		short := strings.TrimSuffix(mark, partly)
		if l.incarnation, err = uuid.Parse(incarnation); err == nil {
			l.mark, err = wire.ParseListMark(short)
		}
		if err != nil {
			l.incarnation, l.mark = uuid.Nil, wire.ListMark{} // they are fetched anew
		} else {
			l.Whole = short == mark
		}
	}
	passes, err := q.ListVersionsOf(ctx, string(parking.KindPass))
	if err != nil {
		return nil, diskError("read the passes", err)
	}
	for _, row := range passes {
		var v parking.PassVersion
		if err := json.Unmarshal([]byte(row.Document), &v); err != nil {
			return nil, fmt.Errorf("read a pass: %w", err)
		}
		l.passes[row.Key] = append(l.passes[row.Key], v)
	}
	old := s.clock.Now().Add(-forgottenPass)
	for code, versions := range l.passes {
		if last := versions[len(versions)-1]; last.Ends.Before(old) {
			delete(l.passes, code)
			continue
		}
		for i := range versions {
			for _, p := range versions[i].Plates {
				if !slices.Contains(l.byPlate[p], code) {
					l.byPlate[p] = append(l.byPlate[p], code)
				}
			}
		}
	}
	for _, codes := range l.byPlate {
		slices.Sort(codes)
	}
	plates, err := q.ListVersionsOf(ctx, string(parking.KindBlock))
	if err != nil {
		return nil, diskError("read the block list", err)
	}
	for _, row := range plates {
		var v parking.BlockVersion
		if err := json.Unmarshal([]byte(row.Document), &v); err != nil {
			return nil, fmt.Errorf("read the block list: %w", err)
		}
		l.plates[v.Plate] = append(l.plates[v.Plate], v)
	}
	if err := l.loadMessages(ctx, q, s.clock.Now()); err != nil {
		return nil, err
	}
	if l.Cards, err = q.AnyCard(ctx); err != nil {
		return nil, diskError("read whether there are cards", err)
	}
	return l, nil
}
