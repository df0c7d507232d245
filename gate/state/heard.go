package state

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Why a neighbour's batch is not taken, beside a gap and a disk without room.
const (
	HeardDamaged  = "damaged"   // it is not whole, or not as its gate signed it
	HeardForeign  = "foreign"   // of another site
	HeardUnsigned = "unsigned"  // no key that is known of its gate signed it
	HeardRevoked  = "revoked"   // the key that signed it was taken away
	HeardMisnamed = "misnamed"  // a fact says that it is another than its place says
	HeardCloud    = "cloud"     // only the cloud writes facts of this kind
	HeardTwice    = "two_facts" // another fact has the same place, as well signed
)

// HeardError is a neighbour's batch that is refused whole. Nothing of it was
// applied.
type HeardError struct {
	Why  string // one of the constants above
	Gate string // of the batch
	text string
}

// Error says it in a sentence.
func (e *HeardError) Error() string { return e.text }

func refuse(why string, b *wire.Batch, text string, args ...any) error {
	return &HeardError{Why: why, Gate: b.Gate, text: fmt.Sprintf(text, args...)}
}

// HeardGapError is a batch before which facts are missing here.
type HeardGapError struct{ Held int64 }

// Error says it in a sentence.
func (e *HeardGapError) Error() string {
	return fmt.Sprintf("Facts are missing before this batch: here the run is held up to %d.", e.Held)
}

// overheard is a fact of a neighbour's batch.
type overheard struct {
	seq     int64
	id      uuid.UUID
	encoded []byte
	fact    parking.Fact
	body    any // nil when it cannot be read
}

// Hear takes a batch that a neighbour brought: of its own facts, or of another
// gate's. What counts is who signed it. When it returns nil, the disk has all of
// it and Site shows its effect; held is up to where the batch's run is held here
// now. What was heard or covered before changes nothing. A batch that is not as
// it should be is a *HeardError, one that leaves a gap a *HeardGapError.
func (s *State) Hear(ctx context.Context, b *wire.Batch) (held int64, err error) {
	site := s.Site()
	if !site.Ready || !site.Covers {
		return 0, parking.Errorf(parking.Unavailable, "This gate does not know yet what its cloud holds.")
	}
	key, err := signer(site, b)
	if err != nil {
		return 0, err
	}
	facts, err := overhear(b)
	if err != nil {
		return 0, err
	}
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	return s.hear(ctx, b, key, facts)
}

// signer is the key of the batch's gate that signed it.
func signer(site *Site, b *wire.Batch) (wire.GateKey, error) {
	if b.Site != site.Config.Site {
		return wire.GateKey{}, refuse(HeardForeign, b, "The batch is of another site.")
	}
	key, err := site.Config.KeyOf(b)
	switch {
	case parking.ErrorCode(err) == parking.Forbidden:
		return key, refuse(HeardUnsigned, b, "%s", parking.ErrorMessage(err))
	case err != nil:
		return key, refuse(HeardDamaged, b, "%s", parking.ErrorMessage(err))
	case key.Revoked:
		return key, refuse(HeardRevoked, b, "Gate %s was revoked.", b.Gate)
	}
	return key, nil
}

// overhear looks into the facts of a batch. One that cannot be read is kept as
// it is: the cloud will know what to do with it.
func overhear(b *wire.Batch) ([]overheard, error) {
	out := make([]overheard, len(b.Items))
	for i, it := range b.Items {
		o := &out[i]
		*o = overheard{seq: b.FirstSeq + int64(i), id: it.ID, encoded: it.Encoded}
		if o.encoded == nil {
			o.encoded = []byte{} // nothing at all is kept as such, and is not NULL
		}
		f, err := parking.DecodeFact(it.Encoded)
		if err != nil {
			continue
		}
		if f.ID != it.ID || f.Site != b.Site || f.Gate != b.Gate || f.Epoch != b.Epoch || f.Seq != o.seq {
			return nil, refuse(HeardMisnamed, b, "A fact says another id, site, gate, epoch or seq than the batch that carries it.")
		}
		if parking.CloudOnly(f.Kind) {
			return nil, refuse(HeardCloud, b, "Gates do not write facts of the kind %q.", f.Kind)
		}
		f.At = parking.BusinessTime(f.At)
		o.fact = f
		if body, err := parking.DecodeBody(f); err == nil {
			o.body = body
		}
	}
	return out, nil
}

// hear writes what was looked through; writeMu is held.
func (s *State) hear(ctx context.Context, b *wire.Batch, key wire.GateKey, facts []overheard) (int64, error) {
	at := Strand{b.Gate, b.Epoch}
	last := b.FirstSeq + int64(len(facts)) - 1
	s.mu.Lock()
	held := s.strands.held(at)
	s.mu.Unlock()
	if b.FirstSeq > held+1 {
		return held, &HeardGapError{Held: held}
	}
	if err := s.sameAsKept(ctx, b, facts); err != nil {
		return held, err
	}
	if last <= held {
		return held, nil
	}
	if room, known := s.store.DiskRoom(); known && room.Low() {
		return held, parking.Errorf(parking.Unavailable, "The disk of this gate is nearly full: it keeps what is left for its own facts.")
	}
	covered := s.strands.covered(at)
	err := s.tx(ctx, func(q *gatesql.Queries) error { return s.keepHeard(ctx, q, b, key, facts, covered) })
	if err != nil {
		return held, fmt.Errorf("keep what a neighbour told: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strands.add(at, seqRun{b.FirstSeq, last})
	s.takeHeard(key, facts, covered)
	s.publish()
	return s.strands.held(at), nil
}

// sameAsKept refuses a batch that says something else in a place that is held
// here: whoever signed both has written two facts under one number.
func (s *State) sameAsKept(ctx context.Context, b *wire.Batch, facts []overheard) error {
	kept, err := s.keptFacts(ctx, s.store.Read(), b)
	if err != nil {
		return err
	}
	for _, k := range kept {
		if o := facts[k.Seq-b.FirstSeq]; !bytes.Equal(o.encoded, k.Encoded) || o.id.String() != k.ID {
			return refuse(HeardTwice, b, "Gate %s has another fact under the same number %d.", b.Gate, k.Seq)
		}
	}
	return nil
}

// keptFacts are those of a batch's places that are on this disk.
func (s *State) keptFacts(ctx context.Context, q *gatesql.Queries, b *wire.Batch) ([]gatesql.HeardFactsRow, error) {
	last := b.FirstSeq + int64(len(b.Items)) - 1
	kept, err := q.HeardFacts(ctx, gatesql.HeardFactsParams{Gate: b.Gate, Epoch: string(b.Epoch), FirstSeq: b.FirstSeq, LastSeq: last})
	if err != nil {
		return nil, s.diskError("read what was heard", err)
	}
	if b.Gate != s.gate {
		return kept, nil
	}
	own, err := q.OwnFacts(ctx, gatesql.OwnFactsParams{Epoch: string(b.Epoch), FirstSeq: b.FirstSeq, LastSeq: last, MaxRows: wire.MaxBatchFacts})
	if err != nil {
		return nil, s.diskError("read own facts", err)
	}
	for _, o := range own {
		kept = append(kept, gatesql.HeardFactsRow(o))
	}
	return kept, nil
}

func (s *State) keepHeard(ctx context.Context, q *gatesql.Queries, b *wire.Batch, key wire.GateKey, facts []overheard, covered int64) error {
	last := b.FirstSeq + int64(len(facts)) - 1
	err := q.AddHeardBatch(ctx, gatesql.AddHeardBatchParams{
		ID: b.ID.String(), Gate: b.Gate, Epoch: string(b.Epoch), FirstSeq: b.FirstSeq, LastSeq: last,
		Signature: b.Signature, Signer: key.PublicKey, HeardMs: s.clock.Now().UnixMilli(), Covered: flag(last <= covered),
	})
	if err != nil {
		return fmt.Errorf("write a heard batch: %w", err)
	}
	for i := range facts {
		o := &facts[i]
		err := q.AddHeardFact(ctx, gatesql.AddHeardFactParams{
			Gate: b.Gate, Epoch: string(b.Epoch), Seq: o.seq, ID: o.id.String(), Kind: string(o.fact.Kind),
			Encoded: o.encoded, Signer: key.PublicKey, Covered: flag(o.seq <= covered),
		})
		if err != nil {
			return fmt.Errorf("write a heard fact: %w", err)
		}
	}
	return nil
}

// takeHeard brings memory to where the disk is; writeMu and mu are held.
func (s *State) takeHeard(key wire.GateKey, facts []overheard, covered int64) {
	touched := map[uuid.UUID]*parking.Stay{}
	clocks := map[string]bool{}
	for i := range facts {
		o := &facts[i]
		if o.body == nil {
			continue
		}
		if b, ok := o.body.(*parking.ClockObserved); ok {
			s.clocks.Observe(o.fact, b)
			clocks[b.Boot] = true
		}
		stay := parking.StayOf(o.fact)
		if o.seq <= covered || s.over.has(stay, o.fact.ID) {
			continue
		}
		if _, seen := touched[stay]; !seen && stay != uuid.Nil {
			touched[stay] = s.effective(stay)
		}
		s.over.addHeard(o.fact, s.timed(&o.fact), o.body, stay, key.PublicKey)
	}
	for boot := range clocks {
		s.retime(facts[0].fact.Gate, boot)
	}
	for id, before := range touched {
		s.refold(id)
		if after := s.effective(id); after != nil {
			s.rememberStay(before, after)
		}
	}
}

// dropRevoked takes from the overlay what was signed with keys that the site's
// configuration says were revoked: the cloud lets none of it count, unless a
// person decides so. mu is held.
func (s *State) dropRevoked() {
	revoked := map[string]bool{}
	for _, k := range s.base.config.Keys {
		if k.Revoked {
			revoked[string(k.PublicKey)] = true
		}
	}
	if len(revoked) == 0 {
		return
	}
	for _, id := range s.over.drop(func(l laid) bool { return revoked[l.signer] }) {
		s.refold(id)
	}
}

// loadHeard reads what was heard into the overlay and the ledger of runs.
func loadHeard(ctx context.Context, q *gatesql.Queries, gate string) (strands, parking.Clocks, error) {
	led, clocks := strands{gate: gate, of: map[Strand]*strand{}}, parking.Clocks{}
	if err := led.load(ctx, q); err != nil {
		return led, clocks, err
	}
	rows, err := q.HeardClocks(ctx)
	if err != nil {
		return led, clocks, diskError("read what was heard of clocks", err)
	}
	for _, encoded := range rows {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			continue
		}
		if body, err := parking.DecodeBody(f); err == nil {
			if b, ok := body.(*parking.ClockObserved); ok {
				clocks.Observe(f, b)
			}
		}
	}
	return led, clocks, nil
}

// pruneHeard drops what the cloud has had for long; with a number of batches,
// the oldest that the cloud has, whatever their age.
func (s *State) pruneHeard(ctx context.Context, beforeMS, atOnce int64) (dropped int64, err error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	err = s.tx(ctx, func(q *gatesql.Queries) error {
		var err error
		if atOnce > 0 {
			dropped, err = q.PruneOldestHeard(ctx, atOnce)
		} else {
			dropped, err = q.PruneHeard(ctx, beforeMS)
		}
		if err != nil || dropped == 0 {
			return err
		}
		return q.PruneHeardFacts(ctx)
	})
	if err != nil || dropped == 0 {
		return 0, err
	}
	return dropped, s.reloadStrands(ctx)
}

func (s *State) reloadStrands(ctx context.Context) error {
	led, clocks, err := loadHeard(ctx, s.store.Read(), s.gate)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strands, s.clocks = led, clocks
	return nil
}

// sortedSeqRuns puts runs in order and joins those that touch.
func sortedSeqRuns(runs []seqRun) []seqRun {
	slices.SortFunc(runs, func(a, b seqRun) int { return int(min(max(a.first-b.first, -1), 1)) })
	var out []seqRun
	for _, r := range runs {
		if n := len(out); n > 0 && r.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, r.last)
			continue
		}
		out = append(out, r)
	}
	return out
}
