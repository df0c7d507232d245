package state_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func receiptDraft(online bool) state.Draft {
	return state.Draft{Kind: parking.KindReceiptIssued, Actor: "an", Online: online, Body: &parking.ReceiptIssued{
		Stay: uuid.New(), Payment: uuid.New(), Amount: 5000, Currency: "VND", Method: parking.Cash,
	}}
}

// issue writes one receipt and returns it.
func (g *gate) issue(online bool) parking.ReceiptIssued {
	g.t.Helper()
	return issuedBy(g.t, g.write(receiptDraft(online))[0])
}

func issuedBy(t testing.TB, f parking.Fact) parking.ReceiptIssued {
	t.Helper()
	body, err := parking.DecodeBody(f)
	if err != nil {
		t.Fatal(err)
	}
	return *body.(*parking.ReceiptIssued)
}

// cloudOf is what a cloud that has everything of these gates would say of
// their main series.
func cloudOf(year int, all ...parking.ReceiptIssued) map[string]int64 {
	held := map[string]int64{}
	for _, y := range []int{year - 1, year, year + 1} {
		held[parking.ReceiptSeries("N", y)] = 0
	}
	for _, r := range all {
		if _, main := held[r.Series]; main {
			held[r.Series] = max(held[r.Series], r.Number)
		}
	}
	return held
}

// gapless checks that no number repeats and that each series counts 1, 2, 3….
func gapless(t testing.TB, all []parking.ReceiptIssued) {
	numbers := map[string]map[int64]bool{}
	for _, r := range all {
		if numbers[r.Series] == nil {
			numbers[r.Series] = map[int64]bool{}
		}
		if numbers[r.Series][r.Number] {
			t.Fatalf("%s/%d is issued twice", r.Series, r.Number)
		}
		numbers[r.Series][r.Number] = true
	}
	for series, of := range numbers {
		for n := range int64(len(of)) {
			if !of[n+1] {
				t.Fatalf("series %s has %d receipts and no number %d: %v", series, len(of), n+1, of)
			}
		}
	}
}

func TestReceiptsCountInTheMainSeriesOnceTheCloudWasHeard(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	run := g.issue(true) // nothing was heard yet
	if !strings.HasPrefix(run.Series, "N-20") || run.Series == parking.ReceiptSeries("N", morning.Year()) || run.Number != 1 {
		t.Fatalf("before the cloud was heard: %+v", run)
	}
	g.HearReceipts(map[string]int64{parking.ReceiptSeries("N", morning.Year()): 7}, nil)
	if r := g.issue(true); r.Series != parking.ReceiptSeries("N", morning.Year()) || r.Number != 8 {
		t.Errorf("with the cloud: %+v", r)
	}
	if r := g.issue(false); r.Series != run.Series || r.Number != 2 {
		t.Errorf("while it is cut off: %+v", r)
	}
	g.HearReceipts(map[string]int64{parking.ReceiptSeries("N", morning.Year()): 7}, nil) // it has not taken 8 yet
	if r := g.issue(true); r.Number != 9 {
		t.Errorf("after it: %+v", r)
	}
	g.DoubtReceipts()
	if r := g.issue(true); r.Series != run.Series || r.Number != 3 {
		t.Errorf("while another machine is this gate: %+v", r)
	}
	if r, found, err := g.Receipt(t.Context(), run.Payment); err != nil || !found || r.Number != 1 || r.Series != run.Series || r.By != "an" {
		t.Errorf("found again: %+v, %v, %v", r, found, err)
	}
	g.HearReceipts(nil, nil) // a cloud that says nothing of receipts
	if r := g.issue(true); r.Series != run.Series {
		t.Errorf("with an old cloud: %+v", r)
	}
}

// The feed tells of a run of this gate that this disk does not hold.
func TestReceiptsAvoidTheSeriesOfACloneThatIsHeard(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	main := parking.ReceiptSeries("N", morning.Year())
	lost := parking.NewEpoch(4, [8]byte{4})
	g.HearReceipts(map[string]int64{main: 0}, map[parking.Epoch]int64{lost: 5})
	own := g.Epoch()
	g.deltas(wire.Delta{FeedSeq: 11, Covers: []wire.Covered{{Gate: "N", Epoch: own, Seq: 1}, {Gate: "S", Epoch: parking.NewEpoch(4, [8]byte{9}), Seq: 5}, {Gate: "N", Epoch: lost, Seq: 5}}})
	if r := g.issue(true); r.Series != main {
		t.Fatalf("its own facts, another gate's, or what the welcome knew, moved it to %s", r.Series)
	}
	g.deltas(wire.Delta{FeedSeq: 12, Covers: []wire.Covered{{Gate: "N", Epoch: lost, Seq: 6}}})
	if r := g.issue(true); r.Series == main {
		t.Error("it goes on in the main series beside a clone")
	}
}

// A payment has one receipt, and a number one payment, whoever asks.
func TestOneReceiptForAPayment(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	d := receiptDraft(false)
	first := issuedBy(t, g.write(d)[0])
	waiting := g.Waiting()
	if _, err := g.Write(t.Context(), d); err == nil {
		t.Fatal("a second receipt for one payment")
	}
	if g.Waiting() != waiting {
		t.Error("it was written all the same")
	}
	if next := g.issue(false); next.Number != first.Number+1 || next.Series != first.Series {
		t.Errorf("what was refused took a number: %+v after %+v", next, first)
	}
}

// The series begin anew at local midnight of the new year, not at that of UTC.
func TestReceiptsOfANewYear(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	year := morning.In(zone).Year()
	midnight := time.Date(year+1, 1, 1, 0, 0, 0, 0, zone)
	g.HearReceipts(cloudOf(year), nil)
	g.pass(midnight.Add(-time.Second).Sub(g.now()))
	var all []parking.ReceiptIssued
	for range 3 {
		all = append(all, g.issue(true), g.issue(false))
	}
	g.pass(time.Second)
	first := g.issue(true)
	all = append(all, first, g.issue(false))
	gapless(t, all)
	if want := fmt.Sprintf("N-%d", year+1); first.Series != want || first.Number != 1 || all[4].Series != fmt.Sprintf("N-%d", year) || all[4].Number != 3 {
		t.Errorf("at midnight %+v, before it %+v", first, all[4])
	}
}

// Whatever a gate goes through – starts, cuts, images of its disk from any
// moment, started beside it or instead of it – no number is issued twice by
// machines that do what the cloud tells them, and each series is gapless. A
// receipt that was numbered in the main series reaches the cloud before the
// disk is replaced: docs/RECEIPTS.md says what holds otherwise.
func TestReceiptNumbersOverImagesAndCuts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			numbersOverImagesAndCuts(t, rand.New(rand.NewPCG(seed, 5)))
		})
	}
}

func numbersOverImagesAndCuts(t *testing.T, dice *rand.Rand) {
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	var all []parking.ReceiptIssued
	var images []string
	online := false
	reopen := func(dir string) {
		if err := g.store.Close(); err != nil {
			t.Fatal(err)
		}
		if dir != g.dir {
			g.dir = filepath.Join(t.TempDir(), "disk")
			if err := os.CopyFS(g.dir, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
		}
		g.openStore()
		g.openState()
		online = false
	}
	for range 16 {
		switch dice.IntN(8) {
		case 0, 1:
			all = append(all, g.issue(online))
		case 2:
			for _, f := range g.write(receiptDraft(online), receiptDraft(online)) {
				all = append(all, issuedBy(t, f))
			}
		case 3, 4:
			g.HearReceipts(cloudOf(morning.Year(), all...), nil)
			online = true
		case 5:
			online = false
		case 6:
			reopen(g.dir)
			to := filepath.Join(t.TempDir(), "image")
			if err := os.CopyFS(to, os.DirFS(g.dir)); err != nil {
				t.Fatal(err)
			}
			images = append(images, to)
		case 7:
			if len(images) > 0 {
				reopen(images[dice.IntN(len(images))])
			}
		}
	}
	gapless(t, all)
}

// Lanes that write at once share the series.
func TestReceiptsOfLanesAtOnce(t *testing.T) {
	t.Parallel()
	g := newGate(t, store.Options{})
	g.snapshot(g.site(2))
	g.HearReceipts(cloudOf(morning.Year()), nil)
	var mu sync.Mutex
	var all []parking.ReceiptIssued
	var lanes sync.WaitGroup
	for lane := range 4 {
		lanes.Go(func() {
			for range 15 {
				facts, err := g.Write(t.Context(), receiptDraft(lane%2 == 0))
				if err != nil {
					t.Error(err)
					return
				}
				r := issuedBy(t, facts[0])
				mu.Lock()
				all = append(all, r)
				mu.Unlock()
			}
		})
	}
	lanes.Wait()
	gapless(t, all)
	of := map[string]int{}
	for _, r := range all {
		of[r.Series]++
	}
	if want := (map[string]int{parking.ReceiptSeries("N", morning.Year()): 30, parking.RunSeries("N", morning.Year(), g.Epoch()): 30}); !maps.Equal(of, want) {
		t.Errorf("series: %v, want %v", of, want)
	}
}
