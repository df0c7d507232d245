package state_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// gauge is a disk of 10 GB of which some bytes are free.
type gauge struct{ free atomic.Int64 }

func (d *gauge) of(string) (free, size int64, err error) { return d.free.Load(), 10 << 30, nil }

func gaugeWith(free int64) *gauge {
	d := &gauge{}
	d.free.Store(free)
	return d
}

// alarms are the codes of the alarms that were written, in order, each with
// its text.
func (g *gate) alarms() (codes, texts []string) {
	g.t.Helper()
	facts, _ := g.outbox()
	for _, f := range facts {
		var a parking.Alarm
		if f.Kind != parking.KindAlarm {
			continue
		}
		if err := json.Unmarshal(f.Body, &a); err != nil {
			g.t.Fatal(err)
		}
		codes, texts = append(codes, a.Code), append(texts, a.Text)
	}
	return codes, texts
}

func (g *gate) prune() {
	g.t.Helper()
	if err := g.Prune(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
}

// inBothLanguages says whether a guard who reads Vietnamese can read it, too.
func inBothLanguages(t *testing.T, text string) {
	t.Helper()
	if vi := words.Sentence(words.Vi, text); vi == text {
		t.Errorf("not in Vietnamese: %q", text)
	}
}

// While the disk still has room for more than a week of records, an alarm says
// that they will go before their 35 days; none goes before that was said, not
// even when the room is gone all at once.
func TestDiskAlarmComesBeforeRecordsGo(t *testing.T) {
	t.Parallel()
	const low, scant = 256 << 20, 768 << 20
	for name, free := range map[string][]int64{
		"slowly":      {5 << 30, scant - 1, scant - 1, low, low - 1},
		"all at once": {5 << 30, low - 1, low - 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := gaugeWith(10 << 30)
			g := newGate(t, store.Options{Disk: disk.of})
			g.snapshot(g.site(2))
			stay := uuid.New()
			g.write(draftIn(stay, "30A11111", "A001"), draftOut(stay, "30A11111", 0))
			left, err := g.Stay(t.Context(), stay)
			if err != nil {
				t.Fatal(err)
			}
			g.deltas(wire.Delta{FeedSeq: 11, Stays: []parking.Stay{left}, Covers: g.covers(3)})
			if _, err := g.Rewind(t.Context(), map[parking.Epoch]int64{g.Epoch(): 3}); err != nil {
				t.Fatal(err)
			}
			kept := func() int {
				facts, _ := g.outbox()
				n := 0
				for _, f := range facts {
					if f.Seq <= 3 {
						n++
					}
				}
				return n
			}
			g.pass(34 * 24 * time.Hour)
			for i, bytes := range free {
				disk.free.Store(bytes)
				g.prune()
				codes, _ := g.alarms()
				last := i == len(free)-1
				if want := bytes < scant; (len(codes) > 0) != want {
					t.Errorf("with %d MB free the alarms are %v", bytes>>20, codes)
				}
				if (kept() == 0) != last {
					t.Errorf("look %d, %d MB free: %d records of three are kept", i, bytes>>20, kept())
				}
			}
			codes, texts := g.alarms()
			codes = slices.DeleteFunc(codes, func(c string) bool { return c == state.TroublePhotoRoom }) // for want of the same room
			if !slices.Equal(codes, []string{state.TroubleDiskLow, state.TroubleDiskDrops}) {
				t.Errorf("alarms %v", codes)
			}
			for _, text := range texts {
				inBothLanguages(t, text)
			}
			disk.free.Store(5 << 30)
			if g.prune(); len(g.Troubles()) != 0 {
				t.Errorf("with room again: %+v", g.Troubles())
			}
		})
	}
}

// What photos take in a day says days ahead that 35 days of them have no room.
func TestPhotoAlarmComesDaysAhead(t *testing.T) {
	t.Parallel()
	const photo = 10_000
	for _, c := range []struct {
		name  string
		limit int64 // in days of photos
		want  int   // day on whose evening the alarm is there; 0 for none
	}{
		{"room for 50 days", 50, 0},
		{"room for 20 days", 20, 13},
		{"room for 4 days", 4, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			disk := gaugeWith(10 << 30)
			g := newGate(t, store.Options{PhotoLimit: c.limit * photo, Disk: disk.of})
			got := 0
			var shas []string
			for day := 1; day <= 60; day++ {
				g.pass(24 * time.Hour)
				g.prune()
				ref, err := g.SavePhoto(t.Context(), parking.RolePlate, sized(day, photo))
				if err != nil {
					t.Fatal(err)
				}
				if err := g.PhotoSent(t.Context(), ref.SHA256); err != nil {
					t.Fatal(err)
				}
				shas = append(shas, ref.SHA256)
				g.prune()
				if codes, texts := g.alarms(); len(codes) > 0 && got == 0 {
					got = day
					inBothLanguages(t, texts[0])
					if _, err := g.Photo(shas[0]); err != nil {
						t.Errorf("the first photo went before the alarm: %v", err)
					}
				}
			}
			if codes, _ := g.alarms(); got != c.want || len(codes) > 1 {
				t.Errorf("the alarm came on day %d, want %d; alarms %v", got, c.want, codes)
			}
		})
	}
}

// Room that goes all at once, to another program: the alarm is on the disk
// before the first photo goes to make room for one more.
func TestPhotoAlarmBeforeRoomIsMade(t *testing.T) {
	t.Parallel()
	disk := gaugeWith(9 << 30)
	g := newGate(t, store.Options{Disk: disk.of})
	first, err := g.SavePhoto(t.Context(), parking.RolePlate, sized(1, 10_000))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.PhotoSent(t.Context(), first.SHA256); err != nil {
		t.Fatal(err)
	}
	disk.free.Store(1 << 20)
	_, _ = g.SavePhoto(t.Context(), parking.RolePlate, sized(2, 10_000)) // refused or not
	if codes, texts := g.alarms(); len(codes) != 1 || codes[0] != state.TroublePhotoRoom || !strings.Contains(texts[0], "less than a day") {
		t.Errorf("alarms %v", codes)
	}
	if _, err := g.Photo(first.SHA256); parking.ErrorCode(err) != parking.NotFound {
		t.Fatalf("no room was made: this tests nothing (%v)", err)
	}
}

// On a disk that is nearly full nothing more is heard, and the gate's own
// facts go on; with room again it is heard.
func TestNothingIsHeardOnADiskNearlyFull(t *testing.T) {
	t.Parallel()
	disk := gaugeWith(10 << 30)
	g := newGate(t, store.Options{Disk: disk.of})
	s := newFar(t, g, "S")
	g.snapshot(g.near(2, s))
	stay := uuid.New()
	s.write(morning, draftIn(stay, "30A12345", "A001"))
	s.write(morning, draftIn(uuid.New(), "30A99999", "A002"))
	g.hear(s.batch(1, 1))
	disk.free.Store(256<<20 - 1)
	held, err := g.Hear(t.Context(), s.batch(1, 2))
	if parking.ErrorCode(err) != parking.Unavailable || !strings.Contains(parking.ErrorMessage(err), "nearly full") || held != 1 {
		t.Fatalf("on a disk that is nearly full: held %d, %v", held, err)
	}
	if n := len(g.Site().Inside); n != 1 {
		t.Errorf("%d vehicles inside, want the one that was heard", n)
	}
	g.write(draftIn(uuid.New(), "51F12345", ""))
	if held := g.hear(s.batch(1, 1)); held != 1 { // nothing new needs no room
		t.Errorf("what was heard before: held %d", held)
	}
	disk.free.Store(256 << 20)
	if held := g.hear(s.batch(1, 2)); held != 2 || len(g.Site().Inside) != 3 {
		t.Errorf("with room again: held %d, %d inside", held, len(g.Site().Inside))
	}
}

// sized is a picture of some bytes, of its own.
func sized(n, bytes int) []byte {
	head := fmt.Sprintf("\xff\xd8\xff%08d", n)
	return append([]byte(head), make([]byte, bytes-len(head))...)
}
