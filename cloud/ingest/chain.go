package ingest

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Head is how far the facts of one run of a gate (or of the cloud) are held,
// and the hash of the last.
type Head struct {
	Gate  string        `json:"gate"`
	Epoch parking.Epoch `json:"epoch"`
	Seq   int64         `json:"seq"`
	Hash  string        `json:"hash"`
}

// String is the form in which a head is published and given back.
func (h Head) String() string { return fmt.Sprintf("%s:%s:%d:%s", h.Gate, h.Epoch, h.Seq, h.Hash) }

// Break is the first place at which the facts of a run are not as its gate
// chained them.
type Break struct {
	Gate  string        `json:"gate"`
	Epoch parking.Epoch `json:"epoch"`
	Seq   int64         `json:"seq"`
	Why   string        `json:"why"`
}

// Error tells the break.
func (b *Break) Error() string {
	return fmt.Sprintf("The facts of gate %s, run %s, are broken at %d: %s", b.Gate, b.Epoch, b.Seq, b.Why)
}

// Heads lists how far each run of a site is held.
func Heads(ctx context.Context, q *cloudsql.Queries, site uuid.UUID) ([]Head, error) {
	rows, err := q.EpochHeads(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read how far facts are held: %w", err)
	}
	heads := make([]Head, 0, len(rows))
	for _, r := range rows {
		heads = append(heads, Head{Gate: r.Gate, Epoch: parking.Epoch(r.Epoch), Seq: r.Seq, Hash: r.Hash})
	}
	return heads, nil
}

// VerifyFacts walks the facts of every run at a site, as they are at one
// moment: numbered without a gap, each naming the hash of the one before, the
// first naming the run before, the columns as the fact itself says, and the
// last as it was counted. published are heads that were told before: what they
// name must still be there. It returns how many facts there are and the first
// break of each run.
//
// Who may write to the whole database can make a chain anew from some fact on;
// that is what published heads are for.
func VerifyFacts(ctx context.Context, s *store.Store, site uuid.UUID, published []Head) (facts int64, breaks []*Break, err error) {
	err = s.ReadTx(ctx, func(q *cloudsql.Queries) error {
		v := &verifier{q: q, site: site}
		heads, err := Heads(ctx, q, site)
		if err != nil {
			return err
		}
		if heads, err = v.headless(ctx, heads); err != nil {
			return err
		}
		for _, h := range heads {
			b, n, err := v.epoch(ctx, h, published)
			if err != nil {
				return err
			}
			facts += n
			if b != nil {
				breaks = append(breaks, b)
			}
		}
		more, err := v.begun(ctx, breaks)
		breaks = append(append(breaks, more...), missingRuns(heads, published)...)
		return err
	})
	return facts, breaks, err
}

// verifier keeps what the runs say of each other.
type verifier struct {
	q      *cloudsql.Queries
	site   uuid.UUID
	starts []start
}

// start is what the first fact of a run says of the run before.
type start struct {
	gate      string
	epoch     parking.Epoch
	prev      string
	prevEpoch parking.Epoch
	prevSeq   int64
}

// headless adds the runs that have facts and no head.
func (v *verifier) headless(ctx context.Context, heads []Head) ([]Head, error) {
	rows, err := v.q.EpochsOfFacts(ctx, v.site)
	if err != nil {
		return nil, fmt.Errorf("list the runs: %w", err)
	}
	for _, r := range rows {
		if !slices.ContainsFunc(heads, func(h Head) bool { return h.Gate == r.Gate && string(h.Epoch) == r.Epoch }) {
			heads = append(heads, Head{Gate: r.Gate, Epoch: parking.Epoch(r.Epoch)})
		}
	}
	return heads, nil
}

// chunk is how many seqs are read at once.
const chunk = 1000

// epoch walks one run and returns its first break and how many facts it has.
func (v *verifier) epoch(ctx context.Context, h Head, published []Head) (*Break, int64, error) {
	w := walk{head: h}
	for _, p := range published {
		if p.Gate == h.Gate && p.Epoch == h.Epoch {
			w.published = append(w.published, p)
		}
	}
	for after := int64(0); ; after += chunk {
		rows, err := v.q.ChainOfEpoch(ctx, cloudsql.ChainOfEpochParams{
			SiteID: v.site, Gate: h.Gate, Epoch: string(h.Epoch), After: after, Last: after + chunk,
		})
		if err != nil {
			return nil, 0, fmt.Errorf("read a run: %w", err)
		}
		for _, row := range rows {
			if b := w.step(row, v.site); b != nil {
				return b, w.seq, nil
			}
		}
		if len(rows) == 0 && after >= h.Seq {
			break
		}
	}
	if w.start != nil {
		v.starts = append(v.starts, *w.start)
	}
	return w.end(), w.seq, nil
}

// walk is the way through one run.
type walk struct {
	head      Head
	published []Head // of this run
	seq       int64
	hash      string
	start     *start
}

func (w *walk) broken(seq int64, format string, args ...any) *Break {
	return &Break{Gate: w.head.Gate, Epoch: w.head.Epoch, Seq: seq, Why: fmt.Sprintf(format, args...)}
}

// step takes the next fact. What lies in quarantine was counted and carries
// the chain by its bytes, where it can be read so far.
func (w *walk) step(row cloudsql.ChainOfEpochRow, site uuid.UUID) *Break {
	if row.Seq != w.seq+1 {
		return w.broken(w.seq+1, "it is missing.")
	}
	f, err := parking.DecodeFact(row.Encoded)
	if err != nil && row.Readable {
		return w.broken(row.Seq, "it cannot be read any more.")
	}
	if row.Readable {
		stay := uuid.Nil
		if row.StayID != nil {
			stay = *row.StayID
		}
		if f.Site != site || f.Gate != w.head.Gate || f.Epoch != w.head.Epoch || f.Seq != row.Seq || f.ID != row.ID ||
			string(f.Kind) != row.Kind || f.Actor != row.Actor || !parking.BusinessTime(f.At).Equal(row.At) || parking.StayOf(f) != stay {
			return w.broken(row.Seq, "its columns say something else than the fact.")
		}
	}
	if row.Readable {
		if b := w.link(f); b != nil {
			return b
		}
	}
	w.seq, w.hash = row.Seq, parking.FactHash(row.Encoded)
	for _, p := range w.published {
		if p.Seq == w.seq && p.Hash != w.hash {
			return w.broken(p.Seq, "it is not the fact of the published head.")
		}
	}
	return nil
}

// link compares what a fact says of the one before.
func (w *walk) link(f parking.Fact) *Break {
	if w.seq > 0 {
		if f.Prev != w.hash {
			return w.broken(w.seq+1, "it does not name the hash of the fact before.")
		}
		return nil
	}
	body, err := parking.DecodeBody(f)
	started, ok := body.(*parking.Started)
	if err != nil || !ok {
		return w.broken(1, "a run begins with a started.")
	}
	w.start = &start{gate: w.head.Gate, epoch: w.head.Epoch, prev: f.Prev, prevEpoch: started.PrevEpoch, prevSeq: started.PrevSeq}
	return nil
}

// end compares the last fact with what was counted and with what was published.
func (w *walk) end() *Break {
	switch {
	case w.seq < w.head.Seq:
		return w.broken(w.seq+1, "it is missing: %d were counted.", w.head.Seq)
	case w.seq > w.head.Seq:
		return w.broken(w.head.Seq+1, "only %d were counted.", w.head.Seq)
	case w.hash != w.head.Hash:
		return w.broken(w.seq, "it is not the fact that was counted.")
	}
	for _, p := range w.published {
		if p.Seq > w.seq {
			return w.broken(w.seq+1, "it is missing: the published head is %d.", p.Seq)
		}
	}
	return nil
}

// begun compares what the first facts say of the runs before, which they name
// by epoch, seq and hash. Runs that are broken already are left out.
func (v *verifier) begun(ctx context.Context, broken []*Break) ([]*Break, error) {
	var out []*Break
	for _, s := range v.starts {
		if s.prevEpoch == "" && s.prev == "" || slices.ContainsFunc(broken, func(b *Break) bool {
			return b.Gate == s.gate && (b.Epoch == s.epoch || b.Epoch == s.prevEpoch)
		}) {
			continue
		}
		rows, err := v.q.ChainOfEpoch(ctx, cloudsql.ChainOfEpochParams{
			SiteID: v.site, Gate: s.gate, Epoch: string(s.prevEpoch), After: s.prevSeq - 1, Last: s.prevSeq,
		})
		if err != nil {
			return nil, fmt.Errorf("read the end of a run: %w", err)
		}
		switch {
		case len(rows) == 0:
			out = append(out, &Break{Gate: s.gate, Epoch: s.prevEpoch, Seq: s.prevSeq, Why: "it is missing: the run after it names it."})
		case parking.FactHash(rows[0].Encoded) != s.prev:
			out = append(out, &Break{Gate: s.gate, Epoch: s.prevEpoch, Seq: s.prevSeq, Why: "it is not the fact that the run after it names."})
		}
	}
	return out, nil
}

// missingRuns are published heads of runs that are gone altogether.
func missingRuns(heads, published []Head) []*Break {
	var out []*Break
	for _, p := range published {
		if !slices.ContainsFunc(heads, func(h Head) bool { return h.Gate == p.Gate && h.Epoch == p.Epoch }) {
			out = append(out, &Break{Gate: p.Gate, Epoch: p.Epoch, Seq: 1, Why: "the whole run is missing."})
		}
	}
	return out
}
