package state

import (
	"context"
	"maps"
	"slices"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Strand is one run of one gate: the facts of an epoch.
type Strand struct {
	Gate  string        `json:"gate"`
	Epoch parking.Epoch `json:"epoch"`
}

// seqRun are seqs without a gap, both ends included.
type seqRun struct{ first, last int64 }

// strand is what is here of one run.
type strand struct {
	covered int64    // up to where the cloud's state includes it
	own     seqRun   // on this gate's own disk, zero for another gate's
	heard   []seqRun // in heard_batches, in order, none touching the next
}

// strands is the ledger of all runs that this gate knows of: what its disk has
// in outbox, heard_batches and covered, in memory. mu guards it.
type strands struct {
	gate string // this one
	of   map[Strand]*strand
}

func (l *strands) load(ctx context.Context, q *gatesql.Queries) error {
	own, err := q.OwnRuns(ctx)
	if err != nil {
		return diskError("read how far own facts go", err)
	}
	for _, r := range own {
		l.at(Strand{l.gate, parking.Epoch(r.Epoch)}).own = seqRun{r.FirstSeq, r.LastSeq}
	}
	covered, err := q.Covered(ctx)
	if err != nil {
		return diskError("read what is covered", err)
	}
	for _, c := range covered {
		l.at(Strand{c.Gate, parking.Epoch(c.Epoch)}).covered = c.Seq
	}
	heard, err := q.HeardRuns(ctx)
	if err != nil {
		return diskError("read what was heard", err)
	}
	for _, r := range heard {
		s := l.at(Strand{r.Gate, parking.Epoch(r.Epoch)})
		s.heard = append(s.heard, seqRun{r.FirstSeq, r.LastSeq})
	}
	for _, s := range l.of {
		s.heard = sortedSeqRuns(s.heard)
	}
	return nil
}

func (l *strands) at(k Strand) *strand {
	s := l.of[k]
	if s == nil {
		s = new(strand)
		l.of[k] = s
	}
	return s
}

func (l *strands) add(k Strand, r seqRun) {
	s := l.at(k)
	s.heard = sortedSeqRuns(append(s.heard, r))
}

func (l *strands) wrote(epoch parking.Epoch, seq int64) {
	s := l.at(Strand{l.gate, epoch})
	if s.own.first == 0 {
		s.own.first = seq
	}
	s.own.last = max(s.own.last, seq)
}

func (l *strands) cover(c wire.Covered) {
	s := l.at(Strand{c.Gate, c.Epoch})
	s.covered = max(s.covered, c.Seq)
}

// strange says whether the cloud has got a fact of this gate that its disk does not
// have and never had.
func (l *strands) strange(c wire.Covered) bool {
	s := l.of[Strand{c.Gate, c.Epoch}]
	return c.Gate == l.gate && (s == nil || c.Seq > max(s.own.last, s.covered))
}

func (l *strands) covered(k Strand) int64 {
	if s := l.of[k]; s != nil {
		return s.covered
	}
	return 0
}

// held is up to where a run is known here without a gap: by the cloud's state,
// by this disk, by what was heard.
func (l *strands) held(k Strand) int64 {
	s := l.of[k]
	if s == nil {
		return 0
	}
	held := s.covered
	for _, r := range sortedSeqRuns(append([]seqRun{s.own}, s.heard...)) {
		if r.last > held && r.first <= held+1 {
			held = r.last
		}
	}
	return held
}

// Held says for each run up to where a gate has it.
type Held map[string]map[parking.Epoch]int64

// Of is up to where a run is held; 0 for one that is not named.
func (h Held) Of(k Strand) int64 { return h[k.Gate][k.Epoch] }

// Put sets up to where a run is held.
func (h Held) Put(k Strand, seq int64) {
	if h[k.Gate] == nil {
		h[k.Gate] = map[parking.Epoch]int64{}
	}
	h[k.Gate][k.Epoch] = seq
}

// With is h with another word about one run; h is not written to.
func (h Held) With(k Strand, seq int64) Held {
	out := maps.Clone(h)
	if out == nil {
		out = Held{}
	}
	out[k.Gate] = maps.Clone(out[k.Gate])
	out.Put(k, seq)
	return out
}

// Newest is h with at most n runs of each gate: the newest, whose names sort
// last.
func (h Held) Newest(n int) Held {
	out := Held{}
	for gate, epochs := range h {
		names := slices.Sorted(maps.Keys(epochs))
		for _, epoch := range names[max(0, len(names)-n):] {
			out.Put(Strand{gate, epoch}, epochs[epoch])
		}
	}
	return out
}

// Lacks counts the facts that h has and other does not.
func (h Held) Lacks(other Held) int64 {
	var n int64
	for gate, epochs := range h {
		for epoch, seq := range epochs {
			n += max(0, seq-other.Of(Strand{gate, epoch}))
		}
	}
	return n
}

// HeardUncovered says whether something that a neighbour told is not in the
// cloud's state yet.
func (s *State) HeardUncovered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.strands.of {
		if n := len(st.heard); n > 0 && st.heard[n-1].last > st.covered {
			return true
		}
	}
	return false
}

// Held is up to where this gate has each run that it knows of.
func (s *State) Held() Held {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := Held{}
	for k := range s.strands.of {
		if seq := s.strands.held(k); seq > 0 {
			h.Put(k, seq)
		}
	}
	return h
}
