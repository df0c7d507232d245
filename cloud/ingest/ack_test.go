package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

const shortRuns = 40 // of a gate, when PARK_RUNS does not say how many

// ackRun is one run (epoch) of a gate whose batches come in any order, more
// than once, two at a time, and some with a sender that goes away.
type ackRun struct {
	t     *testing.T
	site  *cloudtest.Site
	gate  *cloudtest.Gate
	seed  uint64
	batch sync.Mutex // a gate makes one batch at a time

	acked atomic.Int64 // the highest seq that an answer has named
	feed  atomic.Int64 // the highest feed number that an answer has named
}

func atLeast(v *atomic.Int64, n int64) {
	for was := v.Load(); was < n && !v.CompareAndSwap(was, n); was = v.Load() {
	}
}

// send brings the facts [first, last] (by seq) and judges the answer by what
// was known before it was asked for.
func (r *ackRun) send(ctx context.Context, first, last int64) error {
	r.batch.Lock()
	b := r.gate.Batch(r.t, r.gate.Facts[first-1:last])
	r.batch.Unlock()
	if spoilt := first % 5; spoilt == 3 { // undecodable: counted and kept, no hole
		b.Items[0] = wire.NewItem(b.Items[0].ID, []byte("not a fact "+strconv.FormatInt(first, 10)))
		b.Sign(r.gate.Key)
	}
	acked, feed := r.acked.Load(), r.feed.Load()
	a, err := ingester(r.site).Ingest(ctx, ingest.Source{Site: r.site.ID, Gate: r.gate.Code}, cloudtest.Raw(r.t, b), cloudtest.Noon)
	var gap *ingest.Gap
	switch {
	case errors.As(err, &gap):
		if gap.Held < acked || first <= gap.Held+1 {
			r.t.Errorf("seed %d: a batch from %d met a gap after %d, but %d was acknowledged", r.seed, first, gap.Held, acked)
		}
		return err
	case err != nil:
		return err
	}
	if a.Batch != b.ID || a.Seq < acked || a.Seq < last || a.Seq > int64(len(r.gate.Facts)) || a.FeedSeq < feed {
		r.t.Errorf("seed %d: %d to %d was answered with seq %d and feed %d, after %d and %d", r.seed, first, last, a.Seq, a.FeedSeq, acked, feed)
	}
	held, err := store.Held(r.t.Context(), r.site.Store.Q, r.site.ID, r.gate.Code)
	if err != nil || held[r.gate.Epoch] < a.Seq {
		r.t.Errorf("seed %d: %d was acknowledged, %d is held (%v)", r.seed, a.Seq, held[r.gate.Epoch], err)
	}
	atLeast(&r.acked, a.Seq)
	atLeast(&r.feed, a.FeedSeq)
	return nil
}

// wander sends runs of facts from anywhere to anywhere.
func (r *ackRun) wander(luck *rand.Rand, steps int) {
	n := int64(len(r.gate.Facts))
	for range steps {
		first := 1 + luck.Int64N(n)
		if luck.IntN(2) == 0 { // where a gate goes on
			first = min(r.acked.Load()+1, n)
		}
		last := first + luck.Int64N(min(4, n-first+1))
		ctx := r.t.Context()
		if luck.IntN(8) == 0 { // the gate goes away before it is answered
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, time.Duration(luck.IntN(4000))*time.Microsecond)
			_ = r.send(ctx, first, last)
			cancel()
			continue
		}
		var gap *ingest.Gap
		if err := r.send(ctx, first, last); err != nil && !errors.As(err, &gap) {
			r.t.Errorf("seed %d: %v", r.seed, err)
		}
	}
}

// check reads what is held of the run, and what the feed said of it.
func (r *ackRun) check() {
	var seqs []int64
	rows, err := r.site.Store.Pool.Query(r.t.Context(), "SELECT seq FROM processed_events WHERE gate = $1 AND epoch = $2 ORDER BY seq", r.gate.Code, r.gate.Epoch)
	if err != nil {
		r.t.Fatal(err)
	}
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			r.t.Fatal(err)
		}
		seqs = append(seqs, seq)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	want := make([]int64, len(r.gate.Facts))
	for i := range want {
		want[i] = int64(i) + 1
	}
	if !slices.Equal(seqs, want) || r.acked.Load() != int64(len(want)) {
		r.t.Errorf("seed %d: %v are held, %d were made, %d acknowledged", r.seed, seqs, len(want), r.acked.Load())
	}
}

// covers checks that no entry of the feed covers less of a run than one before.
func covers(t *testing.T, s *cloudtest.Site) (entries int64) {
	t.Helper()
	rows, err := s.Store.Pool.Query(t.Context(), "SELECT feed_seq, body FROM feed ORDER BY feed_seq")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[parking.Epoch]int64{}
	for rows.Next() {
		var seq int64
		var body []byte
		if err := rows.Scan(&seq, &body); err != nil {
			t.Fatal(err)
		}
		var d wire.Delta
		if err := json.Unmarshal(body, &d); err != nil {
			t.Fatal(err)
		}
		if entries++; seq != entries || d.FeedSeq != seq {
			t.Fatalf("entry %d has the number %d (%d)", entries, seq, d.FeedSeq)
		}
		for _, c := range d.Covers {
			if c.Seq <= seen[c.Epoch] {
				t.Errorf("entry %d covers run %s up to %d, one before up to %d", seq, c.Epoch, c.Seq, seen[c.Epoch])
			}
			seen[c.Epoch] = c.Seq
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return entries
}

// TestAcknowledgementsNeverGoBack: whatever batches of a run come, in whatever
// order and however often, two at a time, answered or not, its facts are held
// in order and without a hole, and no answer, no gap and no welcome says less
// than one before it. PARK_RUNS says how many runs are tried; PARK_SEED repeats
// one.
func TestAcknowledgementsNeverGoBack(t *testing.T) {
	t.Parallel()
	runs := shortRuns
	if v := os.Getenv("PARK_RUNS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			t.Fatalf("PARK_RUNS is no number of runs: %q", v)
		}
		runs = n
	}
	seeds := make([]uint64, runs)
	for i := range seeds {
		seeds[i] = rand.Uint64()
	}
	if v := os.Getenv("PARK_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatalf("PARK_SEED is no number: %v", err)
		}
		seeds = []uint64{n}
	}
	s := cloudtest.NewSite(t, nil)
	key := s.Enrol(t, "N").Key
	for _, seed := range seeds {
		luck := rand.New(rand.NewPCG(seed, 0))
		r := &ackRun{t: t, site: s, seed: seed, gate: cloudtest.NewGate(s.ID, "N", key)}
		for i := range 3 + luck.IntN(10) {
			at := cloudtest.Noon.Add(time.Duration(i) * time.Second)
			if luck.IntN(4) == 0 {
				r.gate.In(t, at, "", "")
				continue
			}
			r.gate.Fact(t, parking.KindAlive, at, struct{}{})
		}
		var two sync.WaitGroup
		for i := range uint64(2) {
			two.Go(func() { r.wander(rand.New(rand.NewPCG(seed, i+1)), 5) })
		}
		two.Wait()
		for n := int64(len(r.gate.Facts)); r.acked.Load() < n; {
			if err := r.send(t.Context(), r.acked.Load()+1, min(r.acked.Load()+3, n)); err != nil {
				t.Fatalf("seed %d: in order: %v", seed, err)
			}
		}
		r.check()
		if t.Failed() {
			t.Fatalf("repeat it: PARK_SEED=%d", seed)
		}
	}
	t.Logf("%d runs, %d entries of the feed", len(seeds), covers(t, s))
}
