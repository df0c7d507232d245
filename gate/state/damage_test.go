package state_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// busyGate is a gate with a history: short facts, long ones that run over
// several pages, some that the cloud has.
func busyGate(t *testing.T, facts int) (*gate, []parking.Fact) {
	t.Helper()
	g := newGate(t, store.Options{Disk: storetest.Roomy})
	g.snapshot(g.site(3))
	for i := range facts {
		stay := uuid.New()
		g.write(draftIn(stay, parking.Plate(fmt.Sprintf("30A%05d", i)), ""))
		if i%7 == 0 {
			long := strings.Repeat(fmt.Sprintf("lý do %d ", i), 600)
			g.write(state.Draft{Kind: parking.KindSlotChanged, Actor: "an", Body: parking.SlotChanged{Stay: stay, Zone: "A", Reason: long[:5000]}})
		}
		if i == facts/2 {
			run, err := g.NextRun(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := g.Acknowledge(t.Context(), run, run.LastSeq()); err != nil {
				t.Fatal(err)
			}
			g.restart()
		}
	}
	all, _ := g.outbox()
	return g, all
}

func ids(facts []parking.Fact) map[uuid.UUID]parking.Fact {
	out := map[uuid.UUID]parking.Fact{}
	for _, f := range facts {
		out[f.ID] = f
	}
	return out
}

// recovered recovers a gate's folder and starts it again.
func (g *gate) recovered() store.Recovered {
	g.t.Helper()
	r, err := store.Recover(context.Background(), g.dir, morning, nil)
	if err != nil {
		g.t.Fatalf("recover: %v", err)
	}
	g.openStore()
	g.openState()
	return r
}

func (g *gate) database() string { return filepath.Join(g.dir, "gate.db") }

// closed closes the store and returns the database's bytes.
func (g *gate) closed() []byte {
	g.t.Helper()
	if err := g.store.Close(); err != nil {
		g.t.Fatal(err)
	}
	b, err := os.ReadFile(g.database())
	if err != nil {
		g.t.Fatal(err)
	}
	return b
}

func (g *gate) replace(b []byte) {
	g.t.Helper()
	if err := os.WriteFile(g.database(), b, 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// startsDamaged wants a start to refuse in a sentence that says what to do.
func (g *gate) startsDamaged() {
	g.t.Helper()
	s, err := store.Open(context.Background(), g.dir, store.Options{Disk: storetest.Roomy})
	if err == nil {
		_ = s.Close()
		g.t.Fatal("a damaged database was opened")
	}
	if !store.IsDamaged(err) || parking.ErrorCode(err) != parking.Unavailable || !strings.Contains(parking.ErrorMessage(err), "gate recover") {
		g.t.Fatalf("a damaged database gave %v", err)
	}
}

// What is wrong with a file, and how many of all facts may be lost by it.
func TestADamagedDatabaseGivesWhatCanBeRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		damage func(b []byte) []byte
		lost   float64 // of all facts, at most
	}{
		"nothing":            {func(b []byte) []byte { return b }, 0},
		"the head":           {func(b []byte) []byte { clear(b[:100]); return b }, 0},
		"the schema":         {func(b []byte) []byte { clear(b[100:4096]); return b }, 0},
		"every inner page":   {innerPages, 0},
		"heads of leaves":    {func(b []byte) []byte { return everyPage(b, 3, func(p []byte) { clear(p[:60]) }) }, 0.35},
		"a page in ten":      {func(b []byte) []byte { return everyPage(b, 10, func(p []byte) { clear(p) }) }, 0.4},
		"cut in the middle":  {func(b []byte) []byte { return b[:len(b)*4/5+100] }, 0.9},
		"the end of a write": {func(b []byte) []byte { return append(b, []byte("garbage")...) }, 0},
		"garbage":            {func(b []byte) []byte { return bytes.Repeat([]byte("no database "), len(b)/12) }, 1},
		"empty":              {func([]byte) []byte { return []byte{1} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, all := busyGate(t, 60)
			before := g.Epoch()
			g.replace(tc.damage(g.closed()))
			if name != "nothing" && name != "the end of a write" {
				g.startsDamaged()
			}
			r := g.recovered()
			now, _ := g.outbox()
			have, known := ids(now), ids(all)
			lost := 0
			for id, f := range known {
				got, ok := have[id]
				if !ok {
					lost++
				} else if asJSON(got) != asJSON(f) {
					t.Fatalf("a fact came back as another one: %+v", got)
				}
			}
			if float64(lost) > tc.lost*float64(len(all)) {
				t.Errorf("%d of %d facts are lost", lost, len(all))
			}
			if r.Facts != len(all)-lost {
				t.Errorf("told of %d facts, %d are there", r.Facts, len(all)-lost)
			}
			// A new epoch, chained to what is left; the alarm tells of it, once.
			if e := g.Epoch(); e == before || have[uuid.Nil].ID != uuid.Nil {
				t.Errorf("epoch %s goes on", e)
			}
			alarms := 0
			for _, f := range now {
				if f.Kind == parking.KindAlarm {
					alarms++
				}
			}
			if alarms != 1 || len(g.Troubles()) != 1 || g.Troubles()[0].Code != state.TroubleRecovered {
				t.Errorf("%d alarms, troubles %+v", alarms, g.Troubles())
			}
			if aside, err := os.Stat(filepath.Join(g.dir, r.Aside, "gate.db")); err != nil || aside.Size() == 0 {
				t.Errorf("the damaged file is not kept: %v", err)
			}
			stay := uuid.New()
			g.write(draftIn(stay, "51F99999", ""))
			g.restart()
			if _, ok := g.Site().Stay(stay); !ok || len(g.Troubles()) != 0 {
				t.Errorf("the recovered gate does not go on (%+v)", g.Troubles())
			}
		})
	}
}

// innerPages clears every page that leads to others.
func innerPages(b []byte) []byte {
	return everyPage(b, 1, func(p []byte) {
		if p[0] == 5 || p[0] == 2 {
			clear(p)
		}
	})
}

func everyPage(b []byte, nth int, do func(p []byte)) []byte {
	for n := 4096; n+4096 <= len(b); n += 4096 * nth {
		do(b[n : n+4096])
	}
	return b
}

// Bytes that flip anywhere in a database and its log cost at most the facts
// that they are in.
func TestFlippedBytesCostOnlyWhatTheyHit(t *testing.T) {
	t.Parallel()
	const seed = 20261123
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	g, all := busyGate(t, 40)
	files := map[string][]byte{}
	for _, end := range []string{"", "-wal"} { // as a power cut would leave them
		b, err := os.ReadFile(g.database() + end)
		if err != nil {
			t.Fatal(err)
		}
		files[end] = b
	}
	if len(files["-wal"]) == 0 {
		t.Fatal("there is no log: this tests nothing")
	}
	identity, err := os.ReadFile(filepath.Join(g.dir, "identity.json"))
	if err != nil {
		t.Fatal(err)
	}
	for round := range 30 {
		dir := t.TempDir()
		flips := 1 + random.IntN(6)
		for end, b := range files {
			b = bytes.Clone(b)
			for range flips {
				b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
			}
			if err := os.WriteFile(filepath.Join(dir, "gate.db"+end), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "identity.json"), identity, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := store.Recover(t.Context(), dir, morning, nil)
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		// Every page is there twice at most, and a flip in a head hides a page
		// only from the first of the two ways to look.
		if r.Facts < len(all)-4*flips {
			t.Errorf("seed %d, round %d: %d of %d facts after %d flips in each file", seed, round, r.Facts, len(all), flips)
		}
	}
}

// A recovery that is cut short at any place goes on from the copy.
func TestARecoveryThatWasCutShortGoesOn(t *testing.T) {
	t.Parallel()
	g, all := busyGate(t, 20)
	b := g.closed()
	clear(b[:100])
	g.replace(b)
	aside := filepath.Join(g.dir, "damaged-20261122T070000Z")
	if err := errors.Join(os.Mkdir(aside, 0o700), os.WriteFile(filepath.Join(aside, "gate.db"), b, 0o600), //nolint:gosec // a folder
		os.WriteFile(filepath.Join(g.dir, "recovering"), []byte("damaged-20261122T070000Z\n"), 0o600), os.Remove(g.database())); err != nil {
		t.Fatal(err)
	}
	g.startsDamaged() // and makes no empty database instead
	if r := g.recovered(); r.Facts != len(all) {
		t.Errorf("%d of %d facts", r.Facts, len(all))
	}
}

// Damage that is found while the gate runs: nothing is recorded any more and
// the guard is told why; openings by hand are written down all the same, and
// become records after the recovery, once.
func TestDamageWhileTheGateRuns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g, _ := busyGate(t, 60)
	g.restart() // folds the log into the file
	b, err := os.ReadFile(g.database())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(g.database(), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	page := bytes.Repeat([]byte{0xee}, 4096)
	for at := int64(4096); at < int64(len(b)); at += 4096 { // all but the first page
		if _, err := f.WriteAt(page, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	byHand := state.Draft{Kind: parking.KindBarrierOpened, Actor: "an", Body: parking.BarrierOpened{Lane: "1", Cause: "by_hand", Reason: "the database is damaged"}}
	if _, err := g.NextRun(ctx); !store.IsDamaged(err) { // writing may do for a while with what is in memory
		t.Fatalf("reading a damaged database gave %v", err)
	}
	_, err = g.Write(ctx, alive())
	if !store.IsDamaged(err) || !strings.Contains(parking.ErrorMessage(err), "gate recover") {
		t.Fatalf("a damaged database gave %v", err)
	}
	if tr := g.Troubles(); len(tr) != 1 || tr[0].Code != state.TroubleDamaged {
		t.Fatalf("troubles %+v", tr)
	}
	if _, err := g.Write(ctx, draftIn(uuid.New(), "30A12345", "")); !store.IsDamaged(err) {
		t.Fatalf("an entry on a damaged database: %v", err)
	}
	for range 2 {
		if _, err := g.Write(ctx, byHand); err != nil {
			t.Fatalf("an opening by hand: %v", err)
		}
	}
	_ = g.store.Close() // it may say what it is
	g.recovered()
	g.restart()
	facts, _ := g.outbox()
	hands, alarms := 0, 0
	for _, f := range facts {
		switch f.Kind {
		case parking.KindBarrierOpened:
			hands++
			if !strings.Contains(string(f.Body), "noted beside the database") || f.Actor != "an" {
				t.Errorf("the opening says %s by %q", f.Body, f.Actor)
			}
		case parking.KindAlarm:
			alarms++
		}
	}
	if hands != 2 || alarms != 2 {
		t.Errorf("%d openings by hand and %d alarms are records", hands, alarms)
	}
	if _, err := os.Stat(filepath.Join(g.dir, "by-hand.log")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the notes are still there: %v", err)
	}
}

// exported reads a file of batches as the cloud does.
func exported(t *testing.T, g *gate, packed []byte) (facts []parking.Fact) {
	t.Helper()
	id, err := g.store.Identity()
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(plain) {
		var b wire.Batch
		if err := json.Unmarshal(line, &b); err != nil {
			t.Fatal(err)
		}
		if err := b.Verify(id.PublicKey); err != nil || len(line) > wire.MaxBatchBytes {
			t.Fatalf("a batch of %d bytes: %v", len(line), err)
		}
		for i, it := range b.Items {
			f, err := parking.DecodeFact(it.Encoded)
			if err != nil || f.Seq != b.FirstSeq+int64(i) || f.Epoch != b.Epoch || f.ID != it.ID {
				t.Fatalf("item %d: %+v, %v", i, f, err)
			}
			facts = append(facts, f)
		}
	}
	return facts
}

// The queue goes into a file while the gate runs, and from a database that the
// gate cannot start with.
func TestExport(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g, all := busyGate(t, 250)
	export := func(everything bool) ([]byte, state.Exported) {
		t.Helper()
		r, err := store.OpenReader(g.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close() //nolint:errcheck // a test's
		var out bytes.Buffer
		done, err := state.Export(ctx, r, everything, &out)
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes(), done
	}
	file, done := export(false)
	if facts := exported(t, g, file); int64(len(facts)) != g.Waiting() || done.Facts != len(facts) || done.Batches < 1 || done.Salvaged {
		t.Fatalf("%d facts in the file, %d wait; told of %+v", len(facts), g.Waiting(), done)
	}
	file, done = export(true)
	if facts := exported(t, g, file); len(facts) != len(all) || done.Batches < 2 {
		t.Fatalf("%d facts in the file, %d are kept; told of %+v", len(facts), len(all), done)
	}
	b := g.closed()
	g.replace(innerPages(b))
	file, done = export(true)
	if facts := exported(t, g, file); len(facts) != len(all) || !done.Salvaged {
		t.Fatalf("%d facts of a damaged database, %d were kept; told of %+v", len(facts), len(all), done)
	}
	g.recovered()
}

// A fact of which nothing is left must not hold up those behind it.
func TestAHoleInTheQueueIsFilled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	g := newGate(t, store.Options{Disk: storetest.Roomy})
	for range 5 {
		g.write(alive())
	}
	b := g.closed()
	facts, err := store.Salvage(g.dir)
	if err != nil || len(facts) != 6 {
		t.Fatalf("%d facts, %v", len(facts), err)
	}
	gone := facts[2]
	i := bytes.Index(b, gone.Encoded)
	if i < 0 || bytes.Contains(b[i+1:], gone.Encoded) {
		t.Fatal("the fact is not there once")
	}
	b[i+20] ^= 0xff
	clear(b[:100])
	g.replace(b)
	if r := g.recovered(); r.Facts != 5 || r.Missing != 1 {
		t.Fatalf("recovered %+v", r)
	}
	epoch := gone.Fact.Epoch
	run, err := g.NextRun(ctx)
	if err != nil || run.Epoch != epoch || run.LastSeq() != 2 {
		t.Fatalf("first %+v, %v", run, err)
	}
	if err := g.Acknowledge(ctx, run, 2); err != nil {
		t.Fatal(err)
	}
	if run, err = g.NextRun(ctx); err != nil || run.FirstSeq != 4 {
		t.Fatalf("then %+v, %v", run, err)
	}
	again, err := g.SendAgain(ctx, epoch, 2) // the cloud has answered that 3 is missing
	if err != nil || again != 1 {
		t.Fatalf("%d are sent in its place, %v", again, err)
	}
	if run, err = g.NextRun(ctx); err != nil || run.FirstSeq != 3 || len(run.Items) != 4 {
		t.Fatalf("then %+v, %v", run, err)
	}
	f, err := parking.DecodeFact(run.Items[0].Encoded)
	if err != nil || f.Seq != 3 || f.Epoch != epoch {
		t.Fatalf("in its place: %+v, %v", f, err)
	}
	if _, err := parking.DecodeBody(f); err == nil {
		t.Fatal("what stands for a lost record can be applied")
	}
	if again, err := g.SendAgain(ctx, epoch, 2); err != nil || again != 0 {
		t.Fatalf("again %d, %v", again, err)
	}
	g.pass(time.Second)
}
