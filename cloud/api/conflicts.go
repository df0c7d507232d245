package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/books"
	"gatehouse/cloud/settle"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// ConflictRow is one conflict of a list. The state "waiting" is an open one
// that a gate which is offline may still explain.
type ConflictRow struct {
	wire.Conflict
	Plates   []string `json:"plates,omitempty"`
	WaitsFor []string `json:"waits_for,omitempty"` // gates
}

// ConflictsAnswer is one page of conflicts, newest first. Next goes on after
// it, "" at the end.
type ConflictsAnswer struct {
	Conflicts []ConflictRow `json:"conflicts"`
	Next      string        `json:"next,omitempty"`
}

func rowOf(c *books.Conflict) ConflictRow {
	return ConflictRow{
		Conflict: wire.Conflict{ID: c.ID, Kind: c.Kind, State: c.State, Stays: c.Stays, Facts: c.Facts, Slot: c.Slot, At: c.At},
		Plates:   c.Plates, WaitsFor: c.WaitsFor,
	}
}

// conflicts answers ?state=open&kind=slot_twice&after=…&limit=…; without a
// state those that are open, waiting ones with them.
func (a *API) conflicts(w http.ResponseWriter, r *http.Request) error {
	filter, after, limit, err := conflictsQuery(r.URL.Query())
	if err != nil {
		return err
	}
	page, err := a.Books.Conflicts(r.Context(), caller(r).Site, a.Now(), filter, after, nil, limit)
	if err != nil {
		return err
	}
	out := ConflictsAnswer{Conflicts: make([]ConflictRow, 0, len(page.Rows))}
	for i := range page.Rows {
		out.Conflicts = append(out.Conflicts, rowOf(&page.Rows[i]))
	}
	if page.Older != nil {
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(page.Older.At.UTC().Format(time.RFC3339Nano) + " " + string(page.Older.ID)))
	}
	return answer(w, http.StatusOK, out)
}

func conflictsQuery(q url.Values) (books.ConflictFilter, *books.ConflictCursor, int, error) {
	f, limit := books.ConflictFilter{States: []string{books.ConflictOpen, books.ConflictWaiting}, Kind: q.Get("kind")}, books.ConflictsPage
	if state := q.Get("state"); state != "" {
		if !slices.Contains(books.ConflictStates(), state) {
			return f, nil, 0, parking.Errorf(parking.Invalid, "The state is one of %s.", strings.Join(books.ConflictStates(), ", "))
		}
		f.States = []string{state}
	}
	if raw := q.Get("limit"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 1 || n > books.ConflictsPage {
			return f, nil, 0, parking.Errorf(parking.Invalid, "The limit is a number from 1 to %d.", books.ConflictsPage)
		}
		limit = n
	}
	raw := q.Get("after")
	if raw == "" {
		return f, nil, limit, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(raw)
	text, id, ok := strings.Cut(string(b), " ")
	at, bad := time.Parse(time.RFC3339Nano, text)
	if err != nil || !ok || bad != nil {
		return f, nil, 0, parking.Errorf(parking.Invalid, "The value of after is not one that a page gave.")
	}
	return f, &books.ConflictCursor{At: at, ID: []byte(id)}, limit, nil
}

// CaseAnswer is one conflict with its evidence, and how it can be settled.
// Seen goes back with the decision.
type CaseAnswer struct {
	ConflictRow
	Seen      string         `json:"seen"`
	Decisions []settle.How   `json:"decisions"`
	Evidence  []FactAnswer   `json:"evidence"` // the facts that contradict
	About     []StayAnswer   `json:"about"`    // the stays, with all of their facts
	Decided   []DecidedShort `json:"decided,omitempty"`
}

// FactAnswer is a fact and when the cloud came to know it.
type FactAnswer struct {
	parking.Fact
	ReceivedAt time.Time `json:"received_at"`
}

// StayAnswer is a stay of a conflict.
type StayAnswer struct {
	parking.Stay
	Facts []FactAnswer `json:"facts"`
}

// DecidedShort is a decision that was taken before.
type DecidedShort struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	How    string    `json:"how"`
	Reason string    `json:"reason,omitempty"`
}

func (a *API) conflict(w http.ResponseWriter, r *http.Request) error {
	site, err := a.Books.Site(r.Context(), caller(r).Site)
	if err != nil {
		return err
	}
	c, err := a.Books.Case(r.Context(), site, chi.URLParam(r, "id"), a.Now())
	if err != nil {
		return err
	}
	out := CaseAnswer{ConflictRow: rowOf(&c.Conflict), Seen: c.Seen, Decisions: settle.Allowed(c.Kind), Evidence: factsOf(c.Named)}
	for _, s := range c.Stays {
		out.About = append(out.About, StayAnswer{Stay: s.Stay, Facts: factsOf(s.Facts)})
	}
	for _, d := range c.Decided {
		out.Decided = append(out.Decided, DecidedShort{At: d.At, Actor: d.Actor, How: d.How, Reason: d.Reason})
	}
	return answer(w, http.StatusOK, out)
}

func factsOf(facts []books.Fact) []FactAnswer {
	out := make([]FactAnswer, 0, len(facts))
	for _, f := range facts {
		out = append(out, FactAnswer{Fact: f.Fact, ReceivedAt: f.Received})
	}
	return out
}

func (a *API) conflictDecide(w http.ResponseWriter, r *http.Request) error {
	d, err := read[settle.Decision](w, r)
	if err != nil {
		return err
	}
	if err := a.Settle.Settle(r.Context(), caller(r), chi.URLParam(r, "id"), *d); err != nil {
		return err
	}
	return a.conflict(w, r)
}

// QuarantinedAnswer is an item of quarantine as it came.
type QuarantinedAnswer struct {
	settle.Item
	Raw        []byte    `json:"raw"`
	Reason     string    `json:"reason"`
	ReceivedAt time.Time `json:"received_at"`
}

func (a *API) quarantine(w http.ResponseWriter, r *http.Request) error {
	var after *books.QuarantineCursor
	if raw := r.URL.Query().Get("after"); raw != "" {
		after = new(books.QuarantineCursor)
		b, err := base64.RawURLEncoding.DecodeString(raw)
		if err != nil || json.Unmarshal(b, after) != nil {
			return parking.Errorf(parking.Invalid, "The value of after is not one that a page gave.")
		}
	}
	rows, next, err := a.Books.Quarantine(r.Context(), caller(r).Site, after)
	if err != nil {
		return err
	}
	items := make([]QuarantinedAnswer, 0, len(rows))
	for _, q := range rows {
		items = append(items, QuarantinedAnswer{
			Item: settle.Item{Gate: q.Gate, Epoch: q.Epoch, Seq: q.Seq, SHA256: q.SHA256}, Raw: q.Raw, Reason: q.Reason, ReceivedAt: q.Received,
		})
	}
	goOn := ""
	if next != nil {
		b, err := json.Marshal(next)
		if err != nil {
			return err
		}
		goOn = base64.RawURLEncoding.EncodeToString(b)
	}
	return answer(w, http.StatusOK, map[string]any{"items": items, "next": goOn})
}

// DiscardRequest gives up an item of quarantine.
type DiscardRequest struct {
	settle.Item
	Reason string `json:"reason"`
}

func (a *API) quarantineDiscard(w http.ResponseWriter, r *http.Request) error {
	req, err := read[DiscardRequest](w, r)
	if err != nil {
		return err
	}
	if err := a.Settle.DiscardItem(r.Context(), caller(r), req.Item, req.Reason); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
