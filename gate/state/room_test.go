package state_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/parking"
)

// A disk of one megabyte that fills up while the gate works: the barrier stays
// shut and it is said why, nothing that was recorded is lost, and when there
// is room again the gate goes on by itself and tells of it.
func TestADiskThatFillsWhileTheGateRuns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := smallDisk(t, "1m")
	g := newGateIn(t, dir, store.Options{})
	var recorded []uuid.UUID
	fill(t, dir)
	var err error
	for range 1000 {
		stay := uuid.New()
		if _, err = g.Write(ctx, draftIn(stay, "30A12345", "")); err != nil {
			break
		}
		recorded = append(recorded, stay)
	}
	if parking.ErrorCode(err) != parking.Unavailable || !strings.Contains(parking.ErrorMessage(err), "full") {
		t.Fatalf("a full disk gave %v", err)
	}
	if tr := g.Troubles(); len(tr) != 1 || tr[0].Code != state.TroubleDiskFull {
		t.Fatalf("troubles %+v", tr)
	}
	waiting := g.Waiting()
	for range 20 { // the guard tries again and again
		if _, err := g.Write(ctx, draftIn(uuid.New(), "51F99999", "")); err == nil {
			t.Fatal("a full disk took an entry")
		}
	}
	if g.Waiting() != waiting {
		t.Fatal("a refused entry was counted")
	}
	if err := os.Remove(filepath.Join(dir, "somebody-elses-file")); err != nil {
		t.Fatal(err)
	}
	g.pass(time.Minute)
	after := uuid.New()
	g.write(draftIn(after, "30A12345", ""))
	recorded = append(recorded, after)
	if tr := g.Troubles(); len(tr) != 0 {
		t.Errorf("with room again: %+v", tr)
	}
	facts, hashes := g.outbox()
	last := facts[len(facts)-1]
	if last.Kind != parking.KindAlarm || !strings.Contains(string(last.Body), "was full since") {
		t.Errorf("the last fact is %s %s", last.Kind, last.Body)
	}
	for i := 1; i < len(facts); i++ {
		if facts[i].Prev != hashes[i-1] || facts[i].Seq != facts[i-1].Seq+1 {
			t.Fatalf("fact %d is out of line", i)
		}
	}
	g.restart()
	for _, stay := range recorded {
		if _, ok := g.Site().Stay(stay); !ok {
			t.Fatalf("one of %d entries is lost", len(recorded))
		}
	}
}

// The disk of another machine: the guard is told, and works on.
func TestAnotherMachineIsNoticed(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	if tr := g.Troubles(); len(tr) != 0 {
		t.Fatalf("at the first start: %+v", tr)
	}
	if err := g.store.SetSetting(t.Context(), store.SettingMachine, "the machine that was enrolled"); err != nil {
		t.Fatal(err)
	}
	g.restart()
	if tr := g.Troubles(); len(tr) != 1 || tr[0].Code != state.TroubleMachine || !strings.Contains(tr[0].Text, "gate enrol --again") {
		t.Fatalf("troubles %+v", tr)
	}
	g.write(draftIn(uuid.New(), "30A12345", ""))
}

// A gate at which nothing happens says that it lives, and one that is busy
// does not need to.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	count := func() (n int) {
		facts, _ := g.outbox()
		for _, f := range facts {
			if f.Kind == parking.KindAlive {
				n++
			}
		}
		return n
	}
	g.pass(59 * time.Second)
	if again := g.Alive(t.Context(), time.Minute); again != time.Second || count() != 0 {
		t.Fatalf("after 59 s: again in %s, %d signs", again, count())
	}
	g.pass(time.Second)
	if again := g.Alive(t.Context(), time.Minute); again != time.Minute || count() != 1 {
		t.Fatalf("after a minute: again in %s, %d signs", again, count())
	}
	g.pass(50 * time.Second)
	g.write(draftIn(uuid.New(), "30A12345", ""))
	g.pass(10 * time.Second)
	if again := g.Alive(t.Context(), time.Minute); again != 50*time.Second || count() != 1 {
		t.Fatalf("after an entry: again in %s, %d signs", again, count())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.KeepAlive(ctx); err != nil {
		t.Fatal(err)
	}
}
