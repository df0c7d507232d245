package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// itemBytes is what an item of a batch takes on the wire beside the fact
// itself (id, length, hash and punctuation), and headBytes the rest of a batch.
const (
	itemBytes = 180
	headBytes = 1024
)

// Queue is what waits for the cloud.
type Queue struct {
	Waiting int64
	Oldest  time.Time // business time of the fact that waits longest; zero for none
}

// Queue returns what waits for the cloud.
func (s *State) Queue(ctx context.Context) (Queue, error) {
	q := Queue{Waiting: s.Waiting()}
	if q.Waiting == 0 {
		return q, nil
	}
	ms, err := s.store.Read().OldestWaiting(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return q, s.diskError("read the queue", err)
	}
	if err == nil {
		q.Oldest = time.UnixMilli(ms).UTC()
	}
	return q, nil
}

// Waiting is how many facts wait for the cloud.
func (s *State) Waiting() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue
}

// Run is an ordered run of waiting facts of one epoch.
type Run struct {
	Epoch    parking.Epoch
	FirstSeq int64
	Items    []wire.Item
}

// LastSeq is the seq of the run's last item.
func (r *Run) LastSeq() int64 { return r.FirstSeq + int64(len(r.Items)) - 1 }

// NextRun returns the oldest facts that wait, as many as one batch may hold;
// a run without items when none wait.
func (s *State) NextRun(ctx context.Context) (Run, error) {
	rows, err := s.store.Read().Waiting(ctx, wire.MaxBatchFacts)
	if err != nil {
		return Run{}, s.diskError("read waiting facts", err)
	}
	var run Run
	size := 0
	for _, r := range rows {
		id, err := uuid.Parse(r.ID)
		if err != nil {
			return Run{}, fmt.Errorf("read waiting facts: %w", err)
		}
		item := wire.NewItem(id, r.Encoded)
		if !run.takes(parking.Epoch(r.Epoch), r.Seq, size, item) {
			break
		}
		size = run.add(parking.Epoch(r.Epoch), r.Seq, size, item)
	}
	return run, nil
}

// takes says whether a fact still belongs into a run of so many bytes.
func (r *Run) takes(epoch parking.Epoch, seq int64, size int, item wire.Item) bool {
	return len(r.Items) == 0 || epoch == r.Epoch && seq == r.LastSeq()+1 &&
		len(r.Items) < wire.MaxBatchFacts && size+onWire(item) <= wire.MaxBatchBytes
}

// add puts a fact into a run and returns how many bytes it is then.
func (r *Run) add(epoch parking.Epoch, seq int64, size int, item wire.Item) int {
	if len(r.Items) == 0 {
		r.Epoch, r.FirstSeq, size = epoch, seq, headBytes
	}
	r.Items = append(r.Items, item)
	return size + onWire(item)
}

// onWire is what an item takes: JSON carries its bytes in base64.
func onWire(item wire.Item) int { return itemBytes + (len(item.Encoded)+2)/3*4 }

// Acknowledge notes that the cloud has a run for good, and holds the epoch
// without a gap up to seq. When that is less than what came before the run,
// the facts in between wait again.
func (s *State) Acknowledge(ctx context.Context, run Run, seq int64) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	now := s.clock.Now().UnixMilli()
	var waiting int64
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		err := q.AckFacts(ctx, gatesql.AckFactsParams{
			NowMs: &now, Epoch: string(run.Epoch), FirstSeq: run.FirstSeq, LastSeq: max(seq, run.LastSeq()),
		})
		if err != nil {
			return fmt.Errorf("acknowledge facts: %w", err)
		}
		_, err = q.UnackFacts(ctx, gatesql.UnackFactsParams{Epoch: string(run.Epoch), AfterSeq: seq, BeforeSeq: run.FirstSeq})
		if err != nil {
			return fmt.Errorf("rewind facts: %w", err)
		}
		p := gatesql.SetEpochAckedParams{Epoch: string(run.Epoch), Acked: max(seq, 0)}
		if err := q.SetEpochAcked(ctx, p); err != nil {
			return fmt.Errorf("acknowledge facts: %w", err)
		}
		waiting, err = q.CountWaiting(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what the cloud has: %w", err)
	}
	s.setQueue(waiting)
	return nil
}

// SendAgain makes the facts of an epoch after seq wait again, because the cloud
// turned out not to hold them, and says how many they are. Those that are no
// longer here are stood for by something that says so.
func (s *State) SendAgain(ctx context.Context, epoch parking.Epoch, seq int64) (int64, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	var again, waiting int64
	err := s.tx(ctx, func(q *gatesql.Queries) error {
		var err error
		again, err = q.UnackFacts(ctx, gatesql.UnackFactsParams{Epoch: string(epoch), AfterSeq: seq, BeforeSeq: math.MaxInt64})
		if err != nil {
			return fmt.Errorf("rewind facts: %w", err)
		}
		lost, err := s.fillHole(ctx, q, epoch, seq)
		if err != nil {
			return err
		}
		again += lost
		if err := q.SetEpochAcked(ctx, gatesql.SetEpochAckedParams{Epoch: string(epoch), Acked: max(seq, 0)}); err != nil {
			return fmt.Errorf("rewind facts: %w", err)
		}
		waiting, err = q.CountWaiting(ctx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("note what the cloud does not have: %w", err)
	}
	s.setQueue(waiting)
	return again, nil
}

// Rewind brings the queue to what the cloud says it holds of this gate:
// what it does not have waits (again), what it has does not. ahead says that
// the cloud holds facts of this gate that this disk does not know: the disk is
// an older copy, or another machine is the same gate.
func (s *State) Rewind(ctx context.Context, held map[parking.Epoch]int64) (ahead bool, err error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	var waiting int64
	err = s.tx(ctx, func(q *gatesql.Queries) error {
		var err error
		if ahead, err = s.rewind(ctx, q, held); err != nil {
			return err
		}
		waiting, err = q.CountWaiting(ctx)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("rewind the queue: %w", err)
	}
	s.setQueue(waiting)
	return ahead, nil
}

// Ahead says whether the cloud has got facts of this gate since the start that this
// disk does not have: it is an older copy, or another machine is the same gate.
func (s *State) Ahead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ahead
}

func (s *State) rewind(ctx context.Context, q *gatesql.Queries, held map[parking.Epoch]int64) (ahead bool, err error) {
	epochs, err := q.Epochs(ctx)
	if err != nil {
		return false, fmt.Errorf("read the epochs: %w", err)
	}
	now := s.clock.Now().UnixMilli()
	known := map[parking.Epoch]bool{}
	for _, e := range epochs {
		h := held[parking.Epoch(e.Epoch)]
		known[parking.Epoch(e.Epoch)] = true
		last, err := q.LastSeq(ctx, e.Epoch)
		if err != nil {
			return false, fmt.Errorf("read the last seq: %w", err)
		}
		ahead = ahead || h > max(last, e.Acked)
		if h < last {
			_, err = q.UnackFacts(ctx, gatesql.UnackFactsParams{Epoch: e.Epoch, AfterSeq: h, BeforeSeq: math.MaxInt64})
			if err != nil {
				return false, fmt.Errorf("rewind facts: %w", err)
			}
		}
		if h > 0 {
			err = q.AckFacts(ctx, gatesql.AckFactsParams{NowMs: &now, Epoch: e.Epoch, FirstSeq: min(e.Acked, h) + 1, LastSeq: h})
			if err != nil {
				return false, fmt.Errorf("acknowledge facts: %w", err)
			}
		}
		// A pruned epoch keeps its mark, so that it still is known to have been ours.
		if last > 0 || h > e.Acked {
			if err := q.SetEpochAcked(ctx, gatesql.SetEpochAckedParams{Epoch: e.Epoch, Acked: min(h, max(last, e.Acked))}); err != nil {
				return false, fmt.Errorf("acknowledge facts: %w", err)
			}
		}
	}
	for e, seq := range held {
		ahead = ahead || seq > 0 && !known[e]
	}
	return ahead, nil
}

// Strange says whether there is an epoch among those named that this disk has
// not minted: another machine is the same gate.
func (s *State) Strange(ctx context.Context, epochs []parking.Epoch) (bool, error) {
	if len(epochs) == 0 {
		return false, nil
	}
	rows, err := s.store.Read().Epochs(ctx)
	if err != nil {
		return false, s.diskError("read the epochs", err)
	}
	known := map[parking.Epoch]bool{}
	for _, r := range rows {
		known[parking.Epoch(r.Epoch)] = true
	}
	for _, e := range epochs {
		if !known[e] {
			return true, nil
		}
	}
	return false, nil
}

func (s *State) setQueue(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue != n {
		s.queue = n
		s.notify()
	}
}
