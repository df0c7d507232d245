package ingest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func ingester(s *cloudtest.Site) *ingest.Ingester {
	return &ingest.Ingester{Store: s.Store, Log: slog.New(slog.DiscardHandler)}
}

func bring(t *testing.T, s *cloudtest.Site, g *cloudtest.Gate, b *wire.Batch) wire.BatchAnswer {
	t.Helper()
	a, err := ingester(s).Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: g.Code}, cloudtest.Raw(t, b), cloudtest.Noon)
	if err != nil {
		t.Fatalf("bring a batch: %v", err)
	}
	if a.Batch != b.ID || len(a.Outcomes) != len(b.Items) {
		t.Fatalf("the answer does not echo the batch: %+v", a)
	}
	return a
}

func bringAll(t *testing.T, s *cloudtest.Site, g *cloudtest.Gate) wire.BatchAnswer {
	t.Helper()
	return bring(t, s, g, g.Batch(t, g.Facts))
}

func snapshot(t *testing.T, s *cloudtest.Site) *wire.Snapshot {
	t.Helper()
	snap, err := s.Store.Snapshot(t.Context(), s.ID, "N", cloudtest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func slotOf(t *testing.T, snap *wire.Snapshot, code string) parking.Slot {
	t.Helper()
	i := slices.IndexFunc(snap.Slots, func(s parking.Slot) bool { return s.Code == code })
	if i < 0 {
		t.Fatalf("no slot %s", code)
	}
	return snap.Slots[i]
}

func stayOf(t *testing.T, snap *wire.Snapshot, id uuid.UUID) parking.Stay {
	t.Helper()
	i := slices.IndexFunc(snap.Stays, func(s parking.Stay) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("no stay %s", id)
	}
	return snap.Stays[i]
}

func kinds(snap *wire.Snapshot) []string {
	out := []string{}
	for _, c := range snap.Conflicts {
		out = append(out, c.Kind)
	}
	slices.Sort(out)
	return out
}

func wantKinds(t *testing.T, snap *wire.Snapshot, want ...string) {
	t.Helper()
	if got := kinds(snap); !slices.Equal(got, want) {
		t.Errorf("open conflicts: %v, want %v", got, want)
	}
}

func TestInAndOut(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	stay := n.In(t, cloudtest.Noon, "30A12345", "N07")
	a := bringAll(t, s, n)
	if a.Seq != 1 || a.FeedSeq != 1 || a.Outcomes[0] != wire.Applied {
		t.Fatalf("answer %+v", a)
	}
	snap := snapshot(t, s)
	if got := slotOf(t, snap, "N07"); got.State != parking.SlotOccupied || got.Stay != stay {
		t.Errorf("N07 is %+v", got)
	}
	if got := snap.Held[n.Epoch]; got != 1 {
		t.Errorf("held %d", got)
	}
	out := cloudtest.Noon.Add(61 * time.Minute)
	south.Out(t, stay, cloudtest.Noon, out, "30A12345", 8000)
	bringAll(t, s, south)
	snap = snapshot(t, s)
	wantKinds(t, snap)
	got := stayOf(t, snap, stay)
	if got.State != parking.Left || got.PaidSum() != 8000 || got.OutGate != "S" || got.InGate != "N" {
		t.Errorf("stay %+v", got)
	}
	if got := slotOf(t, snap, "N07"); got.State != parking.SlotFree {
		t.Errorf("N07 is %+v", got)
	}
	if snap.FeedSeq != 2 {
		t.Errorf("feed at %d, want 2", snap.FeedSeq)
	}
}

func TestDuplicatesHaveNoEffect(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	n.In(t, cloudtest.Noon, "30A12345", "N07")
	n.In(t, cloudtest.Noon, "30A99999", "N08")
	first := bringAll(t, s, n)
	for range 2 {
		a := bringAll(t, s, n)
		if a.Seq != 2 || a.FeedSeq != first.FeedSeq || !slices.Equal(a.Outcomes, []wire.Outcome{wire.Duplicate, wire.Duplicate}) {
			t.Fatalf("again: %+v", a)
		}
	}
	if snap := snapshot(t, s); len(snap.Stays) != 2 || snap.FeedSeq != 1 {
		t.Errorf("%d stays at feed %d", len(snap.Stays), snap.FeedSeq)
	}
}

func TestGapTellsWhatIsHeld(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	for range 4 {
		n.Fact(t, parking.KindAlive, cloudtest.Noon, struct{}{})
	}
	bring(t, s, n, n.Batch(t, n.Facts[:1]))
	_, err := ingester(s).Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: "N"}, cloudtest.Raw(t, n.Batch(t, n.Facts[2:])), cloudtest.Noon)
	var gap *ingest.Gap
	if !errors.As(err, &gap) || gap.Held != 1 || parking.ErrorCode(err) != parking.Conflict {
		t.Fatalf("got %v", err)
	}
	if a := bring(t, s, n, n.Batch(t, n.Facts)); a.Seq != 4 || a.Outcomes[0] != wire.Duplicate || a.Outcomes[3] != wire.Applied {
		t.Errorf("after the gap: %+v", a)
	}
}

// What was damaged or forged on the way is turned away and changes nothing.
func TestDamagedAndForged(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	n.In(t, cloudtest.Noon, "30A12345", "N07")
	source := ingest.Source{Site: s.ID, Gate: "N"}
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		from   ingest.Source
		change func(*wire.Batch)
		want   parking.Code
	}{
		"a byte of the fact":  {source, func(b *wire.Batch) { b.Items[0].Encoded[9] ^= 1 }, parking.Invalid},
		"the signature":       {source, func(b *wire.Batch) { b.Signature[0] ^= 1 }, parking.Forbidden},
		"another key":         {source, func(b *wire.Batch) { b.Sign(foreign) }, parking.Forbidden},
		"the seq":             {source, func(b *wire.Batch) { b.FirstSeq = 2 }, parking.Forbidden},
		"as another gate's":   {source, func(b *wire.Batch) { b.Gate = "S"; b.Sign(n.Key) }, parking.Forbidden},
		"of the cloud itself": {source, func(b *wire.Batch) { b.Gate = parking.CloudGate; b.Sign(n.Key) }, parking.Forbidden},
		"a gate not enrolled": {ingest.Source{Site: s.ID, Gate: "W"}, func(b *wire.Batch) { b.Gate = "W"; b.Sign(n.Key) }, parking.Forbidden},
		"another site's":      {source, func(b *wire.Batch) { b.Site = uuid.New(); b.Sign(n.Key) }, parking.Forbidden},
		"empty":               {source, func(b *wire.Batch) { b.Items = nil; b.Sign(n.Key) }, parking.Invalid},
	}
	for name, test := range tests {
		b := n.Batch(t, n.Facts)
		test.change(b)
		_, err := ingester(s).Ingest(t.Context(), test.from, cloudtest.Raw(t, b), cloudtest.Noon)
		if parking.ErrorCode(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if _, err := ingester(s).Ingest(t.Context(), source, []byte("{"), cloudtest.Noon); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("broken JSON: %v", err)
	}
	if snap := snapshot(t, s); snap.FeedSeq != 0 || len(snap.Stays) != 0 {
		t.Errorf("something changed: feed %d, %d stays", snap.FeedSeq, len(snap.Stays))
	}
}

// What cannot be read or applied is kept raw, counted, and stops nobody.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	n.Fact(t, "something_new", cloudtest.Noon, map[string]int{"x": 1})
	n.Fact(t, parking.KindVehicleIn, cloudtest.Noon, map[string]string{"stay": "no"})
	foreign := n.Fact(t, parking.KindAlive, cloudtest.Noon, struct{}{})
	// Postgres takes no NUL in a text; the envelope allows one.
	nul := n.Fact(t, parking.KindVehicleIn, cloudtest.Noon, parking.VehicleIn{
		Stay: uuid.New(), Lane: "1", Class: parking.Car, Plate: "30A\x00", Zone: "N", Slot: "N01",
	})
	good := n.In(t, cloudtest.Noon, "30A12345", "N07")
	b := n.Batch(t, n.Facts)
	foreign.Gate = "S"
	encoded, err := foreign.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b.Items[2] = wire.NewItem(foreign.ID, encoded)
	b.Items = append(b.Items[:5:5], wire.NewItem(uuid.New(), []byte("not a fact")), wire.NewItem(uuid.New(), nil))
	b.Sign(n.Key)
	for range 2 {
		a := bring(t, s, n, b)
		want := []wire.Outcome{wire.Quarantined, wire.Quarantined, wire.Quarantined, wire.Quarantined, wire.Applied, wire.Quarantined, wire.Quarantined}
		if a.Outcomes[4] == wire.Duplicate {
			want[4] = wire.Duplicate
		}
		if a.Seq != 7 || !slices.Equal(a.Outcomes, want) {
			t.Fatalf("answer %+v", a)
		}
	}
	snap := snapshot(t, s)
	if len(snap.Stays) != 1 || snap.Stays[0].ID != good || snap.Held[n.Epoch] != 7 {
		t.Errorf("stays %+v, held %v", snap.Stays, snap.Held)
	}
	var kept, counted int
	row := s.Store.Pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM quarantine), (SELECT count(*) FROM processed_events)")
	if err := row.Scan(&kept, &counted); err != nil {
		t.Fatal(err)
	}
	if kept != 6 || counted != 7 {
		t.Errorf("%d in quarantine, %d counted", kept, counted)
	}
	encoded, err = nul.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(encoded)
	var raw []byte
	if err := s.Store.Pool.QueryRow(t.Context(), "SELECT raw FROM quarantine WHERE sha256 = $1", sum[:]).Scan(&raw); err != nil || !slices.Equal(raw, encoded) {
		t.Errorf("the fact with NUL is not kept as it came: %v", err)
	}
}

// A fact that cannot be kept is found out by itself, not when the entry comes
// for which it waited: it must neither take that entry along into quarantine
// nor stop the queue.
func TestUnkeepableFactDoesNotSpoilItsStay(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	stay := uuid.New()
	before := time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 23*3600)) // the year -1 in UTC
	south.Fact(t, parking.KindSlotChanged, cloudtest.Noon.Add(time.Minute), parking.SlotChanged{Stay: stay, Zone: "N", Slot: "N\x00"})
	south.Fact(t, parking.KindVehicleIn, cloudtest.Noon, parking.VehicleIn{
		Stay: uuid.New(), Lane: "1", Class: parking.Car, Plate: "30A00001", Zone: "N", TypedAt: &before,
	})
	if a := bringAll(t, s, south); a.Seq != 2 || !slices.Equal(a.Outcomes, []wire.Outcome{wire.Quarantined, wire.Quarantined}) {
		t.Errorf("answer %+v", a)
	}
	n.Fact(t, parking.KindVehicleIn, cloudtest.Noon, parking.VehicleIn{
		Stay: stay, Lane: "1", Class: parking.Car, Plate: "30A12345", Zone: "N", Slot: "N07", Tariff: "default", TariffV: 1,
	})
	if a := bringAll(t, s, n); a.Outcomes[0] != wire.Applied {
		t.Errorf("the entry: %+v", a)
	}
	if got := stayOf(t, snapshot(t, s), stay); !got.Placed || got.Slot != "N07" {
		t.Errorf("the stay is %+v", got)
	}
}

// The same seq of an epoch with another fact: the first stands, the other is
// kept raw.
func TestSameSeqTwice(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	n.In(t, cloudtest.Noon, "30A12345", "N07")
	bringAll(t, s, n)
	clone := cloudtest.NewGate(s.ID, "N", n.Key)
	clone.Epoch = n.Epoch
	clone.In(t, cloudtest.Noon, "30A99999", "N08")
	if a := bringAll(t, s, clone); a.Outcomes[0] != wire.Quarantined || a.Seq != 1 {
		t.Errorf("answer %+v", a)
	}
	if snap := snapshot(t, s); len(snap.Stays) != 1 {
		t.Errorf("%d stays", len(snap.Stays))
	}
}

func TestConflictsOpenAndWithdraw(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	at := func(minutes int) time.Time { return cloudtest.Noon.Add(time.Duration(minutes) * time.Minute) }

	// The later IN arrives first; the earlier takes its slot away.
	later := south.In(t, at(5), "51F00002", "N07")
	bringAll(t, s, south)
	if got := slotOf(t, snapshot(t, s), "N07"); got.Stay != later {
		t.Fatalf("N07 is %+v", got)
	}
	earlier := n.In(t, at(0), "51F00001", "N07")
	bringAll(t, s, n)
	snap := snapshot(t, s)
	if got := slotOf(t, snap, "N07"); got.Stay != earlier {
		t.Errorf("N07 is %+v, want the earlier", got)
	}
	if stayOf(t, snap, later).Placed || !stayOf(t, snap, earlier).Placed {
		t.Error("the later must be unplaced")
	}
	wantKinds(t, snap, ingest.SlotTwice)

	// It turns out that the earlier had left before the later came.
	n.Out(t, earlier, at(0), at(4), "51F00001", 5000)
	bringAll(t, s, n)
	snap = snapshot(t, s)
	wantKinds(t, snap)
	if got := slotOf(t, snap, "N07"); got.Stay != later || !stayOf(t, snap, later).Placed {
		t.Errorf("N07 is %+v, want the later", got)
	}

	// The same plate twice inside, a wrong class of slot, a slot that is none.
	south.In(t, at(10), "51F00002", "S01")
	south.In(t, at(11), "51F00003", "Z99")
	bringAll(t, s, south)
	wantKinds(t, snapshot(t, s), ingest.PlateInside, ingest.SlotInvalid)

	// An exit without a stay, with a wrong fee, and a second OUT.
	n.Out(t, uuid.New(), at(20), at(20), "51F00009", 50000)
	n.Out(t, earlier, at(0), at(30), "51F00001", 5000)
	n.Out(t, later, at(5), at(70), "51F00002", 5000) // 65 minutes are 8,000
	bringAll(t, s, n)
	wantKinds(t, snapshot(t, s), ingest.ExitTwice, ingest.ExitUnknown, ingest.FeeDiffers, ingest.PaidTwice, ingest.PlateInside, ingest.SlotInvalid)
}

func TestMotorbikeAndCorrections(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	stay := uuid.New()
	n.Fact(t, parking.KindVehicleIn, cloudtest.Noon, parking.VehicleIn{
		Stay: stay, Lane: "1", Class: parking.Motorbike, Plate: "29B112345", Zone: "M", Token: "0042", Tariff: "default", TariffV: 1,
	})
	n.Fact(t, parking.KindPlateCorrected, cloudtest.Noon.Add(time.Second), parking.PlateCorrected{Stay: stay, Plate: "29B112346", Was: "29B112345"})
	n.Fact(t, parking.KindSlotChanged, cloudtest.Noon.Add(time.Minute), parking.SlotChanged{Stay: stay, Zone: "N", Slot: "N01"})
	bring(t, s, n, n.Batch(t, n.Facts[:1]))
	if got := stayOf(t, snapshot(t, s), stay); !got.Placed || got.Slot != "" {
		t.Errorf("in the counted zone: %+v", got)
	}
	bringAll(t, s, n)
	snap := snapshot(t, s)
	if got := stayOf(t, snap, stay); got.Plate != "29B112346" || got.Placed {
		t.Errorf("corrected: %+v", got)
	}
	wantKinds(t, snap, ingest.SlotInvalid) // a car's slot
	var plates []string
	rows, err := s.Store.Pool.Query(t.Context(), "SELECT plate FROM vehicles")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			t.Fatal(err)
		}
		plates = append(plates, p)
	}
	if rows.Err() != nil || !slices.Equal(plates, []string{"29B112346"}) {
		t.Errorf("vehicles: %v %v", plates, rows.Err())
	}
	n.Fact(t, parking.KindLaneChanged, cloudtest.Noon.Add(time.Hour), parking.LaneChanged{Lane: "2", Direction: parking.In})
	bringAll(t, s, n)
	cfg, err := store.SiteConfig(t.Context(), s.Store.Q, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(cfg.Lanes, func(l parking.Lane) bool { return l.Gate == "N" && l.Code == "2" }); cfg.Lanes[i].Direction != parking.In {
		t.Errorf("lane 2 of gate N: %+v", cfg.Lanes[i])
	}
}
