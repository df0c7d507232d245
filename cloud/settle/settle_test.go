package settle_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/books"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/settle"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// desk is a site with gates N and S, its facts, and somebody who decides.
type desk struct {
	*cloudtest.Site
	t      *testing.T
	in     *ingest.Ingester
	books  *books.Books
	settle *settle.Settler
	me     auth.Principal
	n, s   *cloudtest.Gate
	sent   map[*cloudtest.Gate]int
}

var noon = cloudtest.Noon

// decided is when the person decides: after everything that happened.
var decided = noon.Add(2 * time.Hour)

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Site: cloudtest.NewSite(t, nil), t: t, sent: map[*cloudtest.Gate]int{}}
	d.in = &ingest.Ingester{Store: d.Store, Log: slog.New(slog.DiscardHandler)}
	d.books = books.New(d.Store.Q)
	d.settle = &settle.Settler{Store: d.Store, Ingest: d.in, Auth: d.Auth, Now: func() time.Time { return decided }}
	d.me = d.Operator(t)
	d.n, d.s = d.Enrol(t, "N"), d.Enrol(t, "S")
	return d
}

// bring sends what the gates have written since the last time.
func (d *desk) bring() {
	d.t.Helper()
	for _, g := range []*cloudtest.Gate{d.n, d.s} {
		facts := g.Facts[d.sent[g]:]
		d.sent[g] = len(g.Facts)
		if len(facts) == 0 {
			continue
		}
		raw := cloudtest.Raw(d.t, g.Batch(d.t, facts))
		if _, err := d.in.Ingest(d.t.Context(), ingest.Source{Site: d.ID, Gate: g.Code}, raw, noon); err != nil {
			d.t.Fatal(err)
		}
	}
}

// only is the one conflict of a kind, in whatever state.
func (d *desk) only(kind string) books.Case {
	d.t.Helper()
	page, err := d.books.Conflicts(d.t.Context(), d.ID, decided, books.ConflictFilter{Kind: kind}, nil, nil, 10)
	if err != nil || len(page.Rows) != 1 {
		d.t.Fatalf("%s: %+v, %v", kind, page.Rows, err)
	}
	return d.look(page.Rows[0].ID)
}

func (d *desk) look(id string) books.Case {
	d.t.Helper()
	site, err := d.books.Site(d.t.Context(), d.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	c, err := d.books.Case(d.t.Context(), site, id, decided)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) stay(id uuid.UUID) books.Stay {
	d.t.Helper()
	s, err := d.books.Stay(d.t.Context(), books.Site{ID: d.ID}, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// does decides, and expects it to be done.
func (d *desk) does(c *books.Case, by settle.Decision) {
	d.t.Helper()
	by.Seen = c.Seen
	if err := d.settle.Settle(d.t.Context(), d.me, c.ID, by); err != nil {
		d.t.Fatalf("%s by %s: %v", c.Kind, by.How, err)
	}
}

// refuses decides, and expects a sentence and that nothing was written.
func (d *desk) refuses(c *books.Case, by settle.Decision, code parking.Code, says string) {
	d.t.Helper()
	before := d.written()
	if by.Seen == "" {
		by.Seen = c.Seen
	}
	err := d.settle.Settle(d.t.Context(), d.me, c.ID, by)
	if parking.ErrorCode(err) != code || !strings.Contains(err.Error(), says) {
		d.t.Errorf("%s by %s: %v, want %s %q", c.Kind, by.How, err, code, says)
	}
	if after := d.written(); after != before {
		d.t.Errorf("%s by %s was refused and wrote: %d to %d", c.Kind, by.How, before, after)
	}
}

// written counts everything that a decision writes.
func (d *desk) written() (n int) {
	d.t.Helper()
	err := d.Store.Pool.QueryRow(d.t.Context(),
		`SELECT (SELECT count(*) FROM facts) + (SELECT count(*) FROM audit_log) + (SELECT feed_seq FROM site_feeds WHERE site_id = $1)`, d.ID).Scan(&n)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func (d *desk) state(id, want string) books.Case {
	d.t.Helper()
	c := d.look(id)
	if c.State != want {
		d.t.Errorf("the %s is %s, want %s", c.Kind, c.State, want)
	}
	return c
}

// Two vehicles in one slot: the later is placed elsewhere, where nobody
// stands; a new fact about them opens the conflict again.
func TestPlaceTheLaterElsewhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	holder := d.n.In(t, noon, "30A12345", "N07")
	loser := d.s.In(t, noon.Add(time.Minute), "30A54321", "N07")
	d.n.In(t, noon, "30A99999", "N08")
	d.bring()
	c := d.only("slot_twice")
	if len(c.Named) != 2 || len(c.Stays) != 2 || c.Stays[0].ID != holder || c.Stays[1].ID != loser || c.Slot != "N07" || c.State != books.ConflictOpen {
		t.Fatalf("evidence: %+v", c)
	}
	d.refuses(&c, settle.Decision{How: settle.Place}, parking.Invalid, "Name the slot")
	d.refuses(&c, settle.Decision{How: settle.Place, Slot: "N08"}, parking.Conflict, "N08 is occupied.")
	d.refuses(&c, settle.Decision{How: settle.Place, Slot: "QQ"}, parking.Invalid, "There is no slot QQ.")
	d.refuses(&c, settle.Decision{How: settle.Match, Stay: holder}, parking.Invalid, "cannot be settled by")
	d.refuses(&c, settle.Decision{How: settle.Accept, Seen: "something else"}, parking.Conflict, "Something new has come")
	d.does(&c, settle.Decision{How: settle.Place, Slot: "n09", Reason: "seen there"})
	c = d.state(c.ID, books.ConflictSettled)
	if s := d.stay(loser); s.Slot != "N09" || !s.Placed {
		t.Errorf("the loser: %s, placed %v", s.Slot, s.Placed)
	}
	if s := d.stay(holder); s.Slot != "N07" || !s.Placed {
		t.Errorf("the holder: %s, placed %v", s.Slot, s.Placed)
	}
	if len(c.Decided) != 1 || c.Decided[0].How != "place" || c.Decided[0].Reason != "seen there" || c.Decided[0].Actor != d.me.Name {
		t.Errorf("decided: %+v", c.Decided)
	}
	d.refuses(&c, settle.Decision{How: settle.Accept}, parking.Conflict, "settled already")

	d.s.Fact(t, parking.KindPlateCorrected, noon.Add(time.Hour), parking.PlateCorrected{Stay: loser, Plate: "30A54322", Was: "30A54321"})
	d.bring()
	c = d.state(c.ID, books.ConflictOpen)
	d.refuses(&c, settle.Decision{How: settle.Place, Slot: "N10"}, parking.Conflict, "has a place of its own by now")
	d.does(&c, settle.Decision{How: settle.Accept})
	if c = d.state(c.ID, books.ConflictSettled); len(c.Decided) != 2 {
		t.Errorf("decided twice: %+v", c.Decided)
	}
}

// A decision that would lie before what it is to change is refused, and does
// not look settled.
func TestADecisionBeforeWhatItChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.n.In(t, noon, "30A12345", "N07")
	loser := d.s.In(t, decided.Add(time.Minute), "30A54321", "N07") // by a clock that runs ahead
	d.bring()
	c := d.only("slot_twice")
	d.refuses(&c, settle.Decision{How: settle.Place, Slot: "N09"}, parking.Conflict, "dated later than now")
	d.state(c.ID, books.ConflictOpen)
	if s := d.stay(loser); s.Slot != "N07" || s.Placed {
		t.Errorf("the loser: %s, placed %v", s.Slot, s.Placed)
	}
}

// The later one stands in the slot, and its holder somewhere else.
func TestSwap(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	holder := d.n.In(t, noon, "30A12345", "N07")
	loser := d.s.In(t, noon.Add(time.Minute), "30A54321", "N07")
	d.bring()
	c := d.only("slot_twice")
	d.refuses(&c, settle.Decision{How: settle.Swap, Slot: "N07"}, parking.Invalid, "Say where the vehicle stands")
	d.does(&c, settle.Decision{How: settle.Swap, Slot: "N11"})
	d.state(c.ID, books.ConflictSettled)
	if s := d.stay(loser); s.Slot != "N07" || !s.Placed {
		t.Errorf("the later: %s, placed %v", s.Slot, s.Placed)
	}
	if s := d.stay(holder); s.Slot != "N11" || !s.Placed {
		t.Errorf("the earlier: %s, placed %v", s.Slot, s.Placed)
	}
	if page, err := d.books.Conflicts(t.Context(), d.ID, decided, books.ConflictFilter{States: []string{books.ConflictOpen}}, nil, nil, 10); err != nil || len(page.Rows) != 0 {
		t.Errorf("still open: %+v, %v", page.Rows, err)
	}
}

// A fact that comes between looking and deciding refuses the decision.
func TestNewFactsRefuseADecision(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.n.In(t, noon, "30A12345", "N07")
	loser := d.s.In(t, noon.Add(time.Minute), "30A54321", "N07")
	d.bring()
	c := d.only("slot_twice")
	d.s.Fact(t, parking.KindSlotChanged, noon.Add(time.Hour), parking.SlotChanged{Stay: loser, Zone: "S", Slot: "S01"})
	d.bring()
	d.refuses(&c, settle.Decision{How: settle.Place, Slot: "N09"}, parking.Conflict, "Something new has come")
	d.refuses(&c, settle.Decision{How: settle.Accept}, parking.Conflict, "Something new has come") // which nothing else would refuse
	d.state(c.ID, books.ConflictOpen)
	again := d.look(c.ID)
	d.does(&again, settle.Decision{How: settle.Accept})
	d.state(c.ID, books.ConflictSettled)
}

// A plate that is inside twice: the older exit was missed, or a plate misread;
// either explains the conflict away. A cloned plate stays, and is blocked.
func TestPlateInside(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		how   settle.How
		state string
	}{
		{settle.CloseMissed, books.ConflictWithdrawn},
		{settle.Correct, books.ConflictWithdrawn},
		{settle.BlockPlate, books.ConflictSettled},
		{settle.Accept, books.ConflictSettled},
	} {
		t.Run(string(test.how), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			older := d.n.In(t, noon, "30A12345", "N07")
			newer := d.s.In(t, noon.Add(time.Minute), "30A12345", "S07")
			d.bring()
			c := d.only("plate_inside")
			if test.how.NeedsReason() {
				d.refuses(&c, settle.Decision{How: test.how}, parking.Invalid, "Give a reason.")
			}
			if test.how == settle.Correct {
				d.refuses(&c, settle.Decision{How: test.how, Stay: uuid.New(), Plate: "30A12346"}, parking.Invalid, "Choose one of the stays")
				d.refuses(&c, settle.Decision{How: test.how, Stay: newer, Plate: "30A-123.45"}, parking.Invalid, "has already")
			}
			d.does(&c, settle.Decision{How: test.how, Reason: "camera 3 shows it", Stay: newer, Plate: "30A-123.46"})
			d.state(c.ID, test.state)
			state, plate := d.stay(older).State, d.stay(newer).Plate
			if (state == parking.Voided) != (test.how == settle.CloseMissed) || (plate == "30A12346") != (test.how == settle.Correct) {
				t.Errorf("the older is %s, the newer bears %s", state, plate)
			}
		})
	}
}

// An exit without an entry is matched with a stay that could be its own.
func TestMatchAnExit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	entry := d.n.In(t, noon, "30A12345", "N07")
	d.n.In(t, noon.Add(time.Minute), "51F88888", "N08")
	late := d.n.In(t, noon.Add(time.Hour), "30A12346", "N09")
	exit := uuid.Must(uuid.NewV7())
	d.s.Out(t, exit, noon, noon.Add(30*time.Minute), "30A12395", 5000)
	d.bring()
	c := d.only("exit_unknown")
	list, err := d.settle.Candidates(t.Context(), d.ID, &c.Stays[0].Stay)
	if err != nil || len(list) != 2 || list[0].ID != entry {
		t.Fatalf("candidates: %+v, %v", list, err)
	}
	d.refuses(&c, settle.Decision{How: settle.Match}, parking.Invalid, "Choose the stay")
	d.refuses(&c, settle.Decision{How: settle.Match, Stay: late}, parking.Invalid, "came in after")
	d.does(&c, settle.Decision{How: settle.Match, Stay: entry})
	d.state(c.ID, books.ConflictWithdrawn)
	if s := d.stay(entry); s.State != parking.Left || s.PaidSum() != 5000 {
		t.Errorf("the entry: %s, paid %d", s.State, s.PaidSum())
	}
}

// Keeping an exit as it is.
func TestKeepAnExit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.s.Out(t, uuid.Must(uuid.NewV7()), noon, noon.Add(30*time.Minute), "30A12395", 5000)
	d.bring()
	c := d.only("exit_unknown")
	d.does(&c, settle.Decision{How: settle.Keep})
	d.state(c.ID, books.ConflictSettled)
}

// Money that was taken twice is given back, no more than there was.
func TestRefund(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	stay := d.n.In(t, noon, "30A12345", "N07")
	d.s.Out(t, stay, noon, noon.Add(30*time.Minute), "30A12345", 5000)
	d.n.Fact(t, parking.KindPaymentTaken, noon.Add(31*time.Minute), parking.PaymentTaken{
		Payment: uuid.Must(uuid.NewV7()), Stay: stay, Method: parking.Cash, Amount: 5000, Currency: "VND",
	})
	d.bring()
	c := d.only("paid_twice")
	second := c.Stays[0].Payments[1].ID
	d.refuses(&c, settle.Decision{How: settle.Refund, Payment: second, Amount: 5001, Reason: "x"}, parking.Invalid, "at most ₫5,000")
	d.refuses(&c, settle.Decision{How: settle.Refund, Payment: uuid.New(), Amount: 5000, Reason: "x"}, parking.Invalid, "Choose the payment")
	d.does(&c, settle.Decision{How: settle.Refund, Payment: second, Amount: 5000, Reason: "given back at the window"})
	d.state(c.ID, books.ConflictWithdrawn) // nothing was paid twice any more
	if s := d.stay(stay); s.PaidSum() != 5000 || s.Payments[1].Status != parking.Refunded {
		t.Errorf("paid %d: %+v", s.PaidSum(), s.Payments)
	}
}

// Every kind of conflict that is found can be settled, and by nothing else
// than its own ways.
func TestEveryKindHasItsWays(t *testing.T) {
	t.Parallel()
	for _, kind := range settle.Kinds() {
		ways := settle.Allowed(kind)
		if len(ways) == 0 || len(slices.Compact(slices.Sorted(slices.Values(ways)))) != len(ways) {
			t.Errorf("%s: %v", kind, ways)
		}
	}
	if ways := settle.Allowed("of_tomorrow"); !slices.Equal(ways, []settle.How{settle.Accept}) {
		t.Errorf("a kind that nobody knows: %v", ways)
	}
}
