package books_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/books"
	"gatehouse/cloud/books/bookstest"
	"gatehouse/cloud/ingest"
	"gatehouse/parking"
	"gatehouse/sql"
)

// watch is a gate whose facts are told in order of time, with a sign of life
// whenever four minutes would pass without one.
type watch struct {
	*bookstest.Gate
	t    *testing.T
	last time.Time
}

func (w *watch) tell(at time.Time, kind parking.Kind, actor string, body any) {
	w.t.Helper()
	for !w.last.IsZero() && at.Sub(w.last) > 4*time.Minute {
		w.last = w.last.Add(4 * time.Minute)
		w.Fact(parking.KindAlive, w.last, "", struct{}{})
	}
	w.last = at
	w.Fact(kind, at, actor, body)
}

// come and leave are a vehicle's way through lanes with a sensor.
func (w *watch) come(at time.Time, actor string, class parking.Class, plate parking.Plate) uuid.UUID {
	stay := uuid.New()
	w.tell(at, parking.KindVehicleIn, actor, parking.VehicleIn{
		Stay: stay, Lane: "1", Class: class, Plate: plate, Display: plate.Display(), Zone: "M", Tariff: "default", TariffV: 1,
	})
	w.tell(at, parking.KindBarrierOpened, "lane:1", parking.BarrierOpened{Lane: "1", Cause: "stay", Stay: &stay})
	w.tell(at.Add(5*time.Second), parking.KindLanePassage, "lane:1", parking.LanePassage{Lane: "1", Source: "loop", Stay: &stay})
	return stay
}

func (w *watch) leave(at time.Time, actor string, out parking.VehicleOut, pay *parking.PaymentTaken) {
	out.Lane, out.Charge.Currency, out.Charge.Tariff, out.Charge.TariffV = "2", "VND", "default", 1
	if out.Class == "" {
		out.Class = parking.Car
	}
	if pay != nil {
		pay.Payment, pay.Stay, pay.Currency = uuid.New(), out.Stay, "VND"
		w.tell(at, parking.KindPaymentTaken, actor, pay)
	}
	w.tell(at, parking.KindVehicleOut, actor, out)
	w.tell(at, parking.KindBarrierOpened, "lane:2", parking.BarrierOpened{Lane: "2", Cause: "stay", Stay: &out.Stay})
	w.tell(at.Add(5*time.Second), parking.KindLanePassage, "lane:2", parking.LanePassage{Lane: "2", Source: "loop", Stay: &out.Stay})
}

func take(t *testing.T, f *bookstest.Site, gates ...*bookstest.Gate) {
	t.Helper()
	door := &ingest.Ingester{Store: f.Store, Log: slog.New(slog.DiscardHandler)}
	for _, g := range gates {
		for _, batch := range g.Batches() {
			if _, err := door.Ingest(t.Context(), ingest.Source{Site: f.ID, Gate: g.Code()}, batch, local(f, 23, 9, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func cash(amount parking.Money) *parking.PaymentTaken {
	return &parking.PaymentTaken{Method: parking.Cash, Amount: amount, Tendered: amount}
}

func fee(amount parking.Money, code parking.LineCode) parking.Charge {
	return parking.Charge{Fee: amount, Due: amount, Lines: []parking.Line{{Code: code, Amount: amount}}}
}

// TestTheftShows lets an honest guard and a dishonest one work beside each
// other: of the honest one every figure is zero, of the other each trick shows,
// with the money that it may have cost.
func TestTheftShows(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	f.Ground()
	defer oldFactsGetTheirSigns(t, f)
	day := november(t, site, 21, 21)
	at := func(hour, minute int) time.Time { return local(f, 21, hour, minute, 0) }

	honest := &watch{Gate: f.Gate("S", at(9, 0)), t: t}
	honest.tell(local(f, 20, 23, 0, 0), parking.KindStarted, "", parking.Started{Version: "test", Machine: "s"})
	shift := uuid.New()
	honest.tell(at(7, 0), parking.KindShiftOpened, "lan", parking.ShiftOpened{Shift: shift, Guard: "lan"})
	for i, plate := range []parking.Plate{"30A11111", "30A22222", "30A33333"} {
		stay := honest.come(at(8, i), "lan", parking.Car, plate)
		honest.leave(at(9, i), "lan", parking.VehicleOut{Stay: stay, Plate: plate, Charge: fee(5000, parking.LineBlockFirst)}, cash(5000))
	}
	honest.tell(at(16, 0), parking.KindShiftClosed, "lan", parking.ShiftClosed{Shift: shift, Guard: "lan", Counted: 15000})
	honest.tell(local(f, 22, 1, 0, 0), parking.KindAlive, "", struct{}{})

	thief := &watch{Gate: f.Gate("N", at(9, 0)), t: t}
	thief.tell(local(f, 20, 23, 0, 0), parking.KindStarted, "", parking.Started{Version: "test", Machine: "n"})
	dear := thief.come(at(6, 0), "ta", parking.Car, "51F10001")
	cheap := thief.come(at(8, 0), "ta", parking.Car, "51F10002")
	thief.leave(at(9, 0), "ta", parking.VehicleOut{
		Stay: cheap, Plate: "51F10001", Charge: fee(5000, parking.LineBlockFirst),
		Candidates: []parking.Candidate{{Stay: dear, Plate: "51F10001", Fee: 50000}, {Stay: cheap, Plate: "51F10002", Distance: 1, Fee: 5000}},
	}, cash(5000))
	fake := thief.come(at(9, 10), "ta", parking.Car, "51F10003")
	thief.leave(at(10, 0), "ta", parking.VehicleOut{Stay: fake, Plate: "51F10003", Charge: fee(20000, parking.LineBlockFirst)},
		&parking.PaymentTaken{Method: parking.Manual, Amount: 20000, ByHand: &parking.ByHand{PayerBank: "VCB", At: at(9, 59)}})
	friend := thief.come(at(10, 1), "ta", parking.Car, "51F10004")
	half := fee(5000, parking.LineBlockFirst)
	half.Lines = append(half.Lines, parking.Line{Code: parking.LineDiscount, Amount: -2500, Text: parking.Text{En: "Discount SHOP1", Vi: "Giảm giá SHOP1"}})
	half.Fee, half.Due = 2500, 2500
	thief.leave(at(10, 30), "ta", parking.VehicleOut{Stay: friend, Plate: "51F10004", Charge: half}, cash(2500))
	for i := range 2 { // the same plate, free twice
		stay := thief.come(at(11, 20*i), "ta", parking.Motorbike, "29B112345")
		thief.leave(at(11, 20*i+5), "ta", parking.VehicleOut{Stay: stay, Class: parking.Motorbike, Plate: "29B112345", Charge: fee(0, parking.LineFree)}, nil)
	}
	gone := thief.come(at(12, 0), "ta", parking.Car, "51F10005")
	thief.tell(at(12, 1), parking.KindClassCorrected, "ta", parking.ClassCorrected{Stay: gone, Class: parking.Motorbike, Was: parking.Car, Reason: "nhầm"})
	thief.tell(at(12, 2), parking.KindStayVoided, "ta", parking.StayVoided{Stay: gone, Reason: "thử"})
	thief.tell(at(12, 5), parking.KindBarrierOpened, "ta", parking.BarrierOpened{Lane: "1", Cause: "by_hand", Reason: "xe ưu tiên"})
	for i := range 3 { // pockets the money: no entry is written
		thief.tell(at(12, 6+i), parking.KindLanePassage, "lane:1", parking.LanePassage{Lane: "1", Source: "loop"})
	}
	thief.Fact(parking.KindAlive, at(12, 48), "", struct{}{}) // forty minutes of nothing while it ran
	before := thief.Seq()
	thief.last = at(12, 48)
	thief.tell(at(13, 0), parking.KindAlive, "", struct{}{})
	// An older copy of the database is put back; then the gate says that it wrote more than has come.
	back := &watch{Gate: thief.Next(at(13, 30), before-10), t: t, last: at(13, 30)}
	back.tell(at(13, 31), parking.KindAlive, "", struct{}{})
	third := &watch{Gate: back.Next(at(13, 32), back.Seq()+4), t: t, last: at(13, 32)}
	third.tell(local(f, 22, 1, 0, 0), parking.KindAlive, "", struct{}{})
	take(t, f, honest.Gate, thief.Gate, back.Gate, third.Gate)

	l, err := b.Leakage(t.Context(), site, day, local(f, 23, 9, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]books.Tally{
		books.MarkByHand: {Count: 1}, books.MarkVoid: {Count: 1}, books.MarkCorrection: {Count: 1}, books.MarkPick: {Count: 1, Money: 45000},
		books.MarkUnproven: {Count: 1, Money: 20000}, books.MarkDiscount: {Count: 1, Money: 2500}, books.MarkGrace: {Count: 1}, books.MarkWrong: {},
	} {
		if got := l.Total(what); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	var honestVehicles int
	for _, g := range l.Guards {
		switch {
		case g.Actor == "lan" && len(g.By) > 0:
			t.Errorf("of the honest guard: %v", g.By)
		case g.Actor == "lan" && g.Shift != shift:
			t.Errorf("what the honest guard did is in shift %s", g.Shift)
		case g.Actor == "lan":
			honestVehicles += g.Vehicles
		case g.Actor != "ta":
			t.Errorf("marks of %q: %v", g.Actor, g.By)
		}
	}
	if honestVehicles != 6 {
		t.Errorf("the honest guard moved %d vehicles, want 6", honestVehicles)
	}
	wantLanes := []books.LaneLeakage{
		{Gate: "N", Lane: "1", Passed: 10, Alone: 3, Facts: 7},
		{Gate: "N", Lane: "2", Passed: 5, Facts: 5},
		{Gate: "S", Lane: "1", Passed: 3, Facts: 3},
		{Gate: "S", Lane: "2", Passed: 3, Facts: 3},
	}
	if !slices.Equal(l.Lanes, wantLanes) {
		t.Errorf("lanes %+v", l.Lanes)
	}
	wantSilences := []books.Silence{
		{Gate: "N", How: books.SilenceDark, From: at(12, 8).UTC(), Until: at(12, 48).UTC()}, {Gate: "N", How: books.SilenceOff, From: at(13, 0).UTC(), Until: at(13, 30).UTC()},
	}
	if !slices.EqualFunc(l.Silences, wantSilences, func(a, b books.Silence) bool {
		return a.Gate == b.Gate && a.How == b.How && a.From.Equal(b.From) && a.Until.Equal(b.Until)
	}) {
		t.Errorf("silences %+v", l.Silences)
	}
	if len(l.Branches) != 1 || l.Branches[0].Kind != "gate_rolled_back" || l.Branches[0].Gate != "N" {
		t.Errorf("branches %+v", l.Branches)
	}
	if len(l.Missing) != 1 || l.Missing[0].Gate != "N" || l.Missing[0].Lost() != 4 {
		t.Errorf("missing %+v", l.Missing)
	}
	alone, err := b.PassedAlone(t.Context(), site, day)
	if err != nil || len(alone) != 3 || alone[0].Actor != "ta" || alone[0].Lane != "1" {
		t.Errorf("passed alone: %+v, %v", alone, err)
	}
}

// TestAWalkShowsWhoIsNotThere compares the last walk through a zone with the books.
func TestAWalkShowsWhoIsNotThere(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	f.Ground()
	at := func(hour, minute int) time.Time { return local(f, 21, hour, minute, 0) }
	g := &watch{Gate: f.Gate("N", at(9, 0)), t: t}
	g.tell(at(6, 0), parking.KindStarted, "", parking.Started{Version: "test", Machine: "n"})
	g.come(at(7, 0), "lan", parking.Motorbike, "29B111111")
	ghost := g.come(at(7, 1), "lan", parking.Motorbike, "29B122222")
	left := g.come(at(7, 2), "lan", parking.Motorbike, "29B133333")
	old, walk := uuid.New(), uuid.New()
	g.tell(at(7, 30), parking.KindInventoryTaken, "lan", parking.InventoryTaken{Walk: old, Zone: "M"})
	g.tell(at(8, 0), parking.KindInventoryTaken, "lan", parking.InventoryTaken{Walk: walk, Zone: "M", Found: []parking.FoundInventory{
		{Plate: "29B111111", Class: parking.Motorbike}, {Plate: "29B199999", Class: parking.Motorbike},
	}})
	unwritten := uuid.New()
	g.tell(at(8, 0), parking.KindVehicleIn, "lan", parking.VehicleIn{
		Stay: unwritten, Lane: "1", Class: parking.Motorbike, Plate: "29B199999", Zone: "M", Tariff: "default", TariffV: 1, Walk: &walk,
	})
	g.leave(at(8, 30), "lan", parking.VehicleOut{Stay: left, Class: parking.Motorbike, Plate: "29B133333"}, nil)
	g.come(at(8, 40), "lan", parking.Motorbike, "29B144444") // after the walk
	take(t, f, g.Gate)
	l, err := b.Leakage(t.Context(), site, november(t, site, 21, 21), local(f, 21, 12, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Walks) != 1 {
		t.Fatalf("walks %+v", l.Walks)
	}
	w := l.Walks[0]
	if w.ID != walk || w.Found != 2 || len(w.Unseen) != 1 || w.Unseen[0].Stay != ghost || len(w.WithoutStay) != 1 || w.WithoutStay[0].Stay != unwritten {
		t.Errorf("walk %+v", w)
	}
	if i := slices.IndexFunc(l.Lanes, func(l books.LaneLeakage) bool { return l.Lane == "1" }); i < 0 || l.Lanes[i].Over() != 0 {
		t.Errorf("whom a walk let in did not pass a lane: %+v", l.Lanes)
	}
	if len(l.Silences) != 1 || l.Silences[0].How != books.SilenceOpen {
		t.Errorf("silences %+v", l.Silences)
	}
}

// TestTheSpotCheckTakesOneInFifty looks at how many stays are chosen, and that
// the choice stays the same.
func TestTheSpotCheckTakesOneInFifty(t *testing.T) {
	t.Parallel()
	f, b, site := open(t, saigon)
	f.Exec(`INSERT INTO transactions (tenant_id, site_id, id, state, class, in_at, in_gate, out_at, out_gate, currency, document, in_fact)
		SELECT $1, $2, md5(n::text)::uuid, 'left', 'car', $3, 'N', $3, 'N', 'VND', '{}', md5(n::text)::uuid FROM generate_series(1, 5000) n`,
		f.Tenant, f.ID, local(f, 21, 9, 0, 0))
	day := november(t, site, 21, 21)
	first, err := b.Spots(t.Context(), site, day)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(first); n < 70 || n > 130 {
		t.Errorf("%d of 5000 were chosen, want about 100", n)
	}
	again, err := b.Spots(t.Context(), site, day)
	if err != nil || !slices.EqualFunc(first, again, func(a, b books.Spot) bool { return a.Stay == b.Stay }) {
		t.Errorf("asked again, others are chosen: %v", err)
	}
}

// oldFactsGetTheirSigns takes the columns of facts away that the reports read
// and has the migration make them anew from the facts' bytes.
func oldFactsGetTheirSigns(t *testing.T, f *bookstest.Site) {
	t.Helper()
	text, err := sql.Cloud.ReadFile("cloud/migrations/20261126000401_signs.sql")
	if err != nil {
		t.Fatal(err)
	}
	up, down, _ := strings.Cut(string(text), "-- +goose Down")
	read := func() []string {
		rows, err := f.Store.Pool.Query(t.Context(), "SELECT concat_ws(' ', id, kind, lane, signs) FROM facts ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	written := read()
	for _, part := range []string{down, up} {
		if _, err := f.Store.Pool.Exec(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	if again := read(); !slices.Equal(again, written) || len(again) == 0 {
		t.Errorf("of %d facts the migration makes other columns than the door writes", len(again))
	}
}
