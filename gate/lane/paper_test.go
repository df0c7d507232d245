package lane_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

func at(b *lanetest.Bench, back time.Duration) *time.Time {
	t := b.Clock.Wall().Add(-back)
	return &t
}

// A vehicle that came in on paper and is still inside leaves by its ticket's
// number, priced from the typed time on.
func TestPaperTicketThenExit(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	ticket := lane.Paper{ID: uuid.New(), Lane: "1", Number: "P-0017", Plate: "30A-123.45", In: at(b, 3*time.Hour)}
	done, err := b.Desk.EnterPaper(t.Context(), ticket)
	if err != nil {
		t.Fatal(err)
	}
	s := done.Stay
	if s.State != parking.Inside || !s.InAt.Equal(*ticket.In) || s.Token != "P-0017" || s.Plate != "30A12345" || !s.InPaper || s.Slot != "" {
		t.Fatalf("entered: %+v", s)
	}
	again, err := b.Desk.EnterPaper(t.Context(), ticket)
	if err != nil || again.Stay.ID != s.ID {
		t.Fatalf("sent again: %+v, %v", again, err)
	}
	if n := kinds(b); n[parking.KindVehicleIn] != 1 || n[parking.KindBarrierOpened] != 0 {
		t.Errorf("facts: %v", n)
	}
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	out := b.Arrive("2", lane.Arrival{Token: "P-0017"})
	if out.Chosen != 0 || out.Due != 11000 {
		t.Errorf("at the exit: chosen %d, due %d", out.Chosen, out.Due)
	}
}

// In and out on paper: what was taken is what was charged, and nobody is asked
// again, also when the tariff says another sum.
func TestPaperTicketThatHasLeft(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	done, err := b.Desk.EnterPaper(t.Context(), lane.Paper{
		Lane: "2", Number: "P-0018", Plate: "30A12346", In: at(b, 3*time.Hour), Out: at(b, 2*time.Hour), Paid: 4000,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := done.Stay
	if s.State != parking.Left || s.PaidSum() != 4000 || s.Charge.Fee != 4000 || done.Fee != 5000 || !s.OutPaper || s.OutAt.Sub(*s.InAt) != time.Hour {
		t.Errorf("entered: %+v, fee by the tariff %d", s, done.Fee)
	}
	if len(b.State.Site().Inside) != 0 {
		t.Error("it is still inside")
	}
}

// An exit on paper finds the stay that came in by machine.
func TestPaperExitOfAKnownStay(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(2 * time.Hour)
	_, err := b.Desk.EnterPaper(t.Context(), lane.Paper{Lane: "2", Number: "P-1", Plate: "30A12345", Out: at(b, 3*time.Hour), Paid: 5000})
	wantCode(t, err, parking.Invalid)
	done, err := b.Desk.EnterPaper(t.Context(), lane.Paper{Lane: "2", Number: "P-1", Plate: "30A12345", Out: at(b, time.Hour), Paid: 5000})
	if err != nil {
		t.Fatal(err)
	}
	if done.Stay.ID != stay.ID || done.Stay.State != parking.Left || done.Fee != 5000 || len(done.Stay.Charge.Lines) == 0 {
		t.Errorf("left: %+v", done)
	}
	unknown, err := b.Desk.EnterPaper(t.Context(), lane.Paper{Lane: "2", Number: "P-2", Plate: "51F99999", Out: at(b, time.Hour), Paid: 5000})
	if err != nil || !unknown.Stay.Unknown() || unknown.Stay.PaidSum() != 5000 {
		t.Errorf("one that nobody knows: %+v, %v", unknown, err)
	}
}

// Who leaves by the number of a ticket alone is named by its plate in the
// history, also after a start.
func TestHistoryNamesWhoLeftByATicket(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	if _, err := b.Desk.EnterPaper(t.Context(), lane.Paper{Lane: "1", Number: "P-3", Plate: "30A-123.45", In: at(b, 3*time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.EnterPaper(t.Context(), lane.Paper{Lane: "2", Number: "P-3", Out: at(b, time.Hour), Paid: 5000}); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at once", "after a start"} {
		last := b.State.Recent(10)
		i := slices.IndexFunc(last, func(e state.Entry) bool { return e.Kind == parking.KindVehicleOut })
		if i < 0 || last[i].Plate != "30A12345" || last[i].Display != "30A-123.45" {
			t.Errorf("%s: %+v", when, last)
		}
		b.Restart()
	}
}

func TestPaperTicketRefused(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	in := at(b, time.Hour)
	for name, p := range map[string]lane.Paper{
		"no number":    {Lane: "1", Plate: "30A12345", In: in},
		"no times":     {Lane: "1", Number: "1", Plate: "30A12345"},
		"future":       {Lane: "1", Number: "1", Plate: "30A12345", In: at(b, -time.Minute)},
		"long ago":     {Lane: "1", Number: "1", Plate: "30A12345", In: at(b, 40*24*time.Hour)},
		"out first":    {Lane: "1", Number: "1", Plate: "30A12345", In: in, Out: at(b, 2*time.Hour)},
		"money inside": {Lane: "1", Number: "1", Plate: "30A12345", In: in, Paid: 5000},
		"less than 0":  {Lane: "1", Number: "1", Plate: "30A12345", In: in, Out: at(b, 0), Paid: -1},
		"strange":      {Lane: "1", Number: "1\x1b", Plate: "30A12345", In: in},
		"plate":        {Lane: "1", Number: "1", Plate: "???", In: in},
		"class":        {Lane: "1", Number: "1", Class: "tank", In: in},
		"no lane":      {Lane: "9", Number: "1", In: in},
		"nobody":       {Lane: "2", Number: "1", Out: in},
		"no such slot": {Lane: "1", Number: "1", In: in, To: "Z99"},
	} {
		if _, err := b.Desk.EnterPaper(t.Context(), p); parking.ErrorCode(err) == parking.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := kinds(b); n[parking.KindVehicleIn]+n[parking.KindVehicleOut]+n[parking.KindPaymentTaken] != 0 {
		t.Errorf("facts: %v", n)
	}
	if _, err := b.Desk.EnterPaper(t.Context(), lane.Paper{Lane: "1", Number: "1", In: in}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Desk.EnterPaper(t.Context(), lane.Paper{Lane: "1", Number: "1", Plate: "30A12345", In: in})
	wantCode(t, err, parking.Conflict)
}
