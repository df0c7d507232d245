package ingest

import (
	"context"
	"slices"
	"time"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Imported is what became of a batch that was brought by hand.
type Imported struct {
	Gate  string
	Epoch parking.Epoch
	First int64
	// Outcomes has one for each item that was taken.
	Outcomes []wire.Outcome
	// After counts the items of a revoked gate that were made after its right
	// had ended: they are not taken.
	After int
}

// Import takes one batch (its JSON) that an administrator brings by hand. What
// counts is who signed it: the facts of an enrolled gate go in as if it had
// sent them. Those of a revoked gate, up to the revocation, go to quarantine,
// from where a person can have them tried again. The errors are those of
// Ingest.
func (in *Ingester) Import(ctx context.Context, raw []byte, receivedAt time.Time) (Imported, error) {
	b, err := parse(raw)
	if err != nil {
		return Imported{}, err
	}
	done := Imported{Gate: b.Gate, Epoch: b.Epoch, First: b.FirstSeq}
	answer, after, err := in.takeBatch(ctx, b, receivedAt)
	if err != nil {
		return done, err
	}
	done.Outcomes, done.After = answer.Outcomes, after
	return done, nil
}

// Why facts that can be read wait for a person.
const (
	ofRevoked  = "The gate was revoked before this fact came."
	ofReplaced = "The fact was made after the key that signed it had been replaced."
)

// byRight are the items of a batch that may go in by the right of the key that
// signed it. With a key that was revoked, those up to the revocation wait for a
// person, and those after it (counted) are not taken. With one that was
// replaced, because another machine became the gate, what was made before goes
// in as ever: neighbours carry what a machine could not send before it died.
func byRight(b *wire.Batch, key wire.GateKey) (items []*item, after int) {
	items = decode(b)
	if key.Until == nil {
		return items, 0
	}
	late := func(n *item) bool { return n.reason == "" && n.fact.At.After(*key.Until) }
	if !key.Revoked {
		for _, n := range items {
			if late(n) {
				n.revoked, n.reason = true, ofReplaced
			}
		}
		return items, 0
	}
	end := slices.IndexFunc(items, late)
	if end < 0 {
		end = len(items)
	}
	for _, n := range items[:end] {
		if n.reason == "" {
			n.revoked, n.reason = true, ofRevoked
		}
	}
	return items[:end], len(items) - end
}
