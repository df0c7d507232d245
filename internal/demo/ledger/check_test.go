package ledger

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"gatehouse/parking"
)

var noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

// day is a ledger, books and disks that are equal: a car inside, a car that
// paid cash, a motorbike that paid by transfer, and a car that lost its slot to
// the first.
type day struct {
	ledger *Ledger
	books  *Books
	disks  []*Disk
	stays  []uuid.UUID
}

func newDay() *day {
	d := &day{ledger: New(), books: &Books{Stays: map[uuid.UUID]parking.Stay{}}}
	span := func(minutes int) Span {
		at := noon.Add(time.Duration(minutes) * time.Minute)
		return Span{From: at, To: at.Add(time.Second)}
	}
	for i, v := range []Visit{
		{Plate: "30A00001", Class: parking.Car, InGate: "N", Slot: "N01"},
		{Plate: "30A00002", Class: parking.Car, InGate: "N", Slot: "N02"},
		{Plate: "59X100003", Class: parking.Motorbike, InGate: "S"},
		{Plate: "30A00004", Class: parking.Car, InGate: "S", Slot: "N01"},
	} {
		v.Stay, v.In = uuid.New(), span(i)
		d.stays = append(d.stays, v.Stay)
		d.ledger.Waits(v.Stay, "in")
		d.ledger.CameIn(v)
		in := v.In.From
		d.books.Stays[v.Stay] = parking.Stay{ID: v.Stay, State: parking.Inside, Plate: v.Plate, InGate: v.InGate, InAt: &in}
	}
	leave := func(i int, gate string, method parking.Method, amount parking.Money) {
		d.ledger.WentOut(d.stays[i], gate, span(60+i), method, amount)
		s := d.books.Stays[d.stays[i]]
		out := span(60 + i).To
		s.State, s.OutGate, s.OutAt = parking.Left, gate, &out
		d.books.Stays[s.ID] = s
		d.books.Payments = append(d.books.Payments, Payment{
			ID: uuid.New(), Stay: s.ID, Method: method, Status: string(parking.Paid), Amount: amount, Gate: gate,
		})
	}
	leave(1, "S", parking.Cash, 5000)
	leave(2, "N", parking.Manual, 3000)
	d.books.Payments = append(d.books.Payments, Payment{ID: uuid.New(), Stay: d.stays[2], Method: parking.QR, Status: "pending", Amount: 3000, Gate: "N"})
	d.books.Placements = []Placement{{Slot: "N01", Stay: d.stays[0]}}
	d.books.Conflicts = []Conflict{{Kind: "slot_twice", State: "open", Stays: []uuid.UUID{d.stays[0], d.stays[3]}, Slot: "N01"}}
	inside := func() map[uuid.UUID]bool { return map[uuid.UUID]bool{d.stays[0]: true, d.stays[3]: true} }
	n := Run{Gate: "N", Epoch: "000001-a", Seq: 5, Applied: 5, IDs: "aa"}
	s := Run{Gate: "S", Epoch: "000001-b", Seq: 4, Applied: 4, IDs: "bb"}
	d.books.Held = []Run{n, s, {Gate: "cloud", Epoch: "000001-c", Seq: 1, Applied: 1, IDs: "cc"}}
	d.disks = []*Disk{{Gate: "N", Runs: []Run{n}, Inside: inside()}, {Gate: "S", Runs: []Run{s}, Inside: inside()}}
	return d
}

func TestEqualBooks(t *testing.T) {
	t.Parallel()
	d := newDay()
	a := Check(d.ledger, d.books, d.disks)
	want := &Audit{
		Differences: []string{}, Opened: 4, Closed: 2, Inside: 2, Cash: 5000, Transfer: 3000,
		Drawers: map[string]parking.Money{"S": 5000}, SlotsHeld: 1, FactsDisks: 9, FactsCloud: 9, Conflicts: map[string]int{"slot_twice": 1},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	if got := d.ledger.Totals(); got != (Totals{In: 4, Out: 2, Cash: 5000, Transfer: 3000}) || got.Inside() != 2 || len(d.ledger.Inside()) != 2 {
		t.Errorf("totals %+v", got)
	}
}

// Whatever is changed in the books is named: a check that is blind to one of
// these would prove nothing.
func TestEveryDifferenceIsNamed(t *testing.T) {
	t.Parallel()
	stay := func(i int, change func(s *parking.Stay)) func(d *day) {
		return func(d *day) {
			s := d.books.Stays[d.stays[i]]
			change(&s)
			d.books.Stays[s.ID] = s
		}
	}
	for name, c := range map[string]struct {
		damage func(d *day)
		says   string
	}{
		"a stay is lost":   {func(d *day) { delete(d.books.Stays, d.stays[0]) }, "30A00001, in at gate N at 05:00:00, is missing"},
		"a stay too many":  {func(d *day) { id := uuid.New(); d.books.Stays[id] = parking.Stay{ID: id, State: parking.Voided} }, "no driver made"},
		"still inside":     {stay(1, func(s *parking.Stay) { s.State = parking.Inside }), "30A00002: state: by the drivers left, by the books inside"},
		"gone too early":   {stay(0, func(s *parking.Stay) { s.State = parking.Left }), "vehicles inside: by the drivers 2, by the books 1"},
		"another plate":    {stay(0, func(s *parking.Stay) { s.Plate = "X" }), "30A00001: plate"},
		"another gate in":  {stay(0, func(s *parking.Stay) { s.InGate = "S" }), "gate of entry"},
		"another gate out": {stay(1, func(s *parking.Stay) { s.OutGate = "N" }), "gate of exit"},
		"another time in":  {stay(0, func(s *parking.Stay) { at := noon.Add(time.Minute); s.InAt = &at }), "the entry of 30A00001"},
		"no time out":      {stay(1, func(s *parking.Stay) { s.OutAt = nil }), "the exit of 30A00002"},
		"money is lost":    {func(d *day) { d.books.Payments = d.books.Payments[1:] }, "cash in all: by the drivers 5000, by the books 0"},
		"money twice": {func(d *day) {
			p := d.books.Payments[1]
			p.ID = uuid.New()
			d.books.Payments = append(d.books.Payments, p)
		}, "transfers of 59X100003: by the drivers 3000, by the books 6000"},
		"one row twice":          {func(d *day) { d.books.Payments = append(d.books.Payments, d.books.Payments[2]) }, "is there twice"},
		"a dong too much":        {func(d *day) { d.books.Payments[0].Amount++ }, "cash of 30A00002"},
		"another drawer":         {func(d *day) { d.books.Payments[0].Gate = "N" }, "the drawer of gate S"},
		"another method":         {func(d *day) { d.books.Payments[0].Method = parking.Manual }, "cash of 30A00002"},
		"money of nobody":        {func(d *day) { d.books.Payments[2].Status, d.books.Payments[2].Stay = string(parking.Paid), uuid.New() }, "for which no driver paid"},
		"a slot held twice":      {func(d *day) { d.books.Placements = append(d.books.Placements, Placement{"N01", d.stays[3]}) }, "slot N01 is held twice"},
		"two slots":              {func(d *day) { d.books.Placements = append(d.books.Placements, Placement{"N09", d.stays[0]}) }, "holds N01 and N09"},
		"another slot":           {func(d *day) { d.books.Placements[0].Slot = "N09" }, `was sent to slot "N01" and holds "N09"`},
		"a slot nobody gave":     {func(d *day) { d.books.Placements = append(d.books.Placements, Placement{"N02", d.stays[1]}) }, "has left and still holds slot N02"},
		"unplaced, no conflict":  {func(d *day) { d.books.Conflicts = nil }, `30A00004 was sent to slot "N01" and holds ""`},
		"a conflict from no act": {func(d *day) { d.books.Conflicts = append(d.books.Conflicts, Conflict{Kind: "exit_twice"}) }, "1 conflicts of kind exit_twice"},
		"a fact is lost":         {func(d *day) { d.books.Held[0].Applied--; d.books.Held[0].Seq-- }, "5 facts up to 5 on the disk, 4 up to 4 in the cloud"},
		"a gap":                  {func(d *day) { d.books.Held[0].Seq = 3 }, "5 up to 3 in the cloud"},
		"other facts":            {func(d *day) { d.books.Held[1].IDs = "xx" }, "the ids not the same"},
		"an epoch is lost":       {func(d *day) { d.books.Held = d.books.Held[1:] }, "0 up to 0 in the cloud"},
		"facts of no disk":       {func(d *day) { d.disks = d.disks[:1] }, "4 facts of gate and epoch S 000001-b, which are on no disk"},
		"quarantine":             {func(d *day) { d.books.Held[0].Applied--; d.books.Held[0].Quarantined++ }, "1 facts of gate N are in quarantine"},
		"a gap on the disk":      {func(d *day) { d.disks[0].Runs[0].Seq++ }, "5 facts of epoch 000001-a, numbered up to 6"},
		"facts that wait":        {func(d *day) { d.disks[1].Waiting = 3 }, "3 facts wait at gate S"},
		"a gate shows too few":   {func(d *day) { delete(d.disks[1].Inside, d.stays[0]) }, "gate S does not show 1 vehicles that are inside (30A00001), and shows 0"},
		"a gate shows too many":  {func(d *day) { d.disks[0].Inside[d.stays[1]] = true }, "gate N does not show 0 vehicles that are inside (), and shows 1"},
		"a driver who waits":     {func(d *day) { d.ledger.Waits(uuid.New(), "30A9 out at gate N") }, "never heard what became of them: 30A9 out at gate N"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDay()
			c.damage(d)
			a := Check(d.ledger, d.books, d.disks)
			if !strings.Contains(strings.Join(a.Differences, "\n"), c.says) {
				t.Errorf("%q is not among %q", c.says, a.Differences)
			}
		})
	}
}

func TestReadBooks(t *testing.T) {
	t.Parallel()
	d := newDay()
	var export bytes.Buffer
	line := func(record string, v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]any{}
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		fields["record"] = record
		if raw, err = json.Marshal(fields); err != nil {
			t.Fatal(err)
		}
		export.Write(append(raw, '\n'))
	}
	for _, c := range d.books.Conflicts {
		line("conflict", c)
	}
	for _, h := range d.books.Held {
		line("held", h)
	}
	for _, p := range d.books.Payments {
		line("payment", p)
	}
	for _, p := range d.books.Placements {
		line("placement", p)
	}
	for _, s := range d.books.Stays {
		line("stay", s)
	}
	line("something new", map[string]any{})
	text := export.String()
	got, err := ReadBooks(&export)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.books, got); diff != "" {
		t.Error(diff)
	}
	for what, broken := range map[string]string{"half a line": text[:len(text)-5], "a stay twice": text + text} {
		if _, err := ReadBooks(strings.NewReader(broken)); err == nil {
			t.Errorf("%s was read", what)
		}
	}
}

// A gate's disk is read while its gate could write.
func TestReadDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(folder, "gate.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ids := []string{uuid.NewString(), uuid.NewString(), uuid.NewString()}
	stay := uuid.New()
	for _, q := range []string{
		"CREATE TABLE outbox (id TEXT, epoch TEXT, seq INTEGER, acked_ms INTEGER)", "CREATE TABLE stays (id TEXT, state TEXT)",
		"CREATE TABLE settings (name TEXT, value TEXT)", "INSERT INTO settings VALUES ('feed_seq', '41')",
		"INSERT INTO outbox VALUES ('" + ids[1] + "', '000001-a', 2, 5), ('" + ids[0] + "', '000001-a', 1, 5), ('" + ids[2] + "', '000002-b', 1, NULL)",
		"INSERT INTO stays VALUES ('" + stay.String() + "', 'inside'), ('" + uuid.NewString() + "', 'left')",
	} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	sum := func(ids ...string) string {
		s := sha256.Sum256([]byte(strings.Join(ids, " ")))
		return hex.EncodeToString(s[:])
	}
	got, err := ReadDisk(t.Context(), "N", folder)
	if err != nil {
		t.Fatal(err)
	}
	want := &Disk{
		Gate: "N", Waiting: 1, FeedSeq: 41, Inside: map[uuid.UUID]bool{stay: true},
		Runs: []Run{
			{Gate: "N", Epoch: "000001-a", Seq: 2, Applied: 2, IDs: sum(ids[0], ids[1])},
			{Gate: "N", Epoch: "000002-b", Seq: 1, Applied: 1, IDs: sum(ids[2])},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := ReadDisk(t.Context(), "N", t.TempDir()); err == nil || !strings.Contains(err.Error(), "gate N") {
		t.Errorf("no disk: %v", err)
	}
}
