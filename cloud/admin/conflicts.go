package admin

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/cloud/books"
	"gatehouse/cloud/settle"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

type conflictsView struct {
	frame
	State, Kind          string
	Tabs                 []tab
	Kinds                []option
	Page                 books.Conflicts
	NewerLink, OlderLink string
	Quarantined          int
}

type tab struct {
	Link, Text string
	Count      string // "" for none
	Here       bool
}

// conflicts lists the conflicts of one state.
func (p *Pages) conflicts(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "conflicts")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := conflictsView{frame: f, State: r.URL.Query().Get("state"), Kind: r.URL.Query().Get("kind")}
	if v.State == "" {
		v.State = books.ConflictOpen
	}
	older, err := conflictCursor(r.URL.Query().Get("older"))
	newer, err2 := conflictCursor(r.URL.Query().Get("newer"))
	if err != nil || err2 != nil || !slices.Contains(books.ConflictStates(), v.State) || v.Kind != "" && !slices.Contains(settle.Kinds(), v.Kind) {
		p.fail(w, r, parking.Errorf(parking.Invalid, "There is no such list of conflicts."))
		return
	}
	filter := books.ConflictFilter{States: []string{v.State}, Kind: v.Kind}
	if v.Page, err = p.Books.Conflicts(r.Context(), f.Site.ID, f.At, filter, older, newer, books.ConflictsPage); err != nil {
		p.fail(w, r, err)
		return
	}
	count, err := p.Books.ConflictCount(r.Context(), f.Site.ID, f.At)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if v.Quarantined, err = p.Books.QuarantineCount(r.Context(), f.Site.ID); err != nil {
		p.fail(w, r, err)
		return
	}
	v.fill(count)
	p.show(w, r, http.StatusOK, "conflicts", "", v)
}

func (v *conflictsView) fill(count books.ConflictCount) {
	for _, state := range books.ConflictStates() {
		t := tab{Link: v.link(state, v.Kind), Text: v.T("conflicts." + state), Here: state == v.State}
		switch state {
		case books.ConflictOpen:
			t.Count = v.Num(count.Open)
		case books.ConflictWaiting:
			t.Count = v.Num(count.Waiting)
		}
		v.Tabs = append(v.Tabs, t)
	}
	for _, kind := range settle.Kinds() {
		v.Kinds = append(v.Kinds, option{Value: kind, Text: v.Conflict(kind), Chosen: kind == v.Kind})
	}
	slices.SortStableFunc(v.Kinds, func(a, b option) int { return strings.Compare(a.Text, b.Text) })
	if c := v.Page.Newer; c != nil {
		v.NewerLink = v.link(v.State, v.Kind, "newer", cursorText(c))
	}
	if c := v.Page.Older; c != nil {
		v.OlderLink = v.link(v.State, v.Kind, "older", cursorText(c))
	}
}

func (v *conflictsView) link(state, kind string, more ...string) string {
	q := url.Values{"state": {state}}
	if kind != "" {
		q.Set("kind", kind)
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/conflicts?" + q.Encode()
}

func cursorText(c *books.ConflictCursor) string {
	return c.At.UTC().Format(time.RFC3339Nano) + "~" + hex.EncodeToString(c.ID)
}

func conflictCursor(text string) (*books.ConflictCursor, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no place is the beginning
	}
	at, id, _ := strings.Cut(text, "~")
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(id)
	return &books.ConflictCursor{At: t, ID: key}, err
}

// ConflictPill is where a conflict stands.
func (f frame) ConflictPill(state string) pill {
	out := pill{Role: look.Out, Mark: "·", Text: f.T("conflict." + state)}
	switch state {
	case books.ConflictOpen:
		out.Role, out.Mark = look.Trouble, "!"
	case books.ConflictWaiting:
		out.Role, out.Mark = look.Reserved, "▨"
	case books.ConflictSettled:
		out.Role, out.Mark = look.Free, "✓"
	}
	return out
}

// Join writes a list.
func (f frame) Join(list []string) string { return strings.Join(list, ", ") }
