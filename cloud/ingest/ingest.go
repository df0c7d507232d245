// Package ingest takes facts in. A batch is one transaction under the site's
// lock; each fact counts once; a fact is never refused.
//
// The cloud's state is a function of the set of facts that it holds: whatever
// stay, slot or plate a batch touches is computed anew from all facts about it
// (project.go tells the steps), and contradictions are judged on the result
// (judge.go). docs/STATE.md says which function that is. So the same facts in
// any order, in any batches, any number of times, end in the same rows.
//
// What cannot be decoded or applied is kept raw in quarantine and counted as
// received. Only what was damaged or forged on the way is turned away, because
// the gate can send it again.
package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Ingester takes facts in.
type Ingester struct {
	Store *store.Store
	Log   *slog.Logger
}

// Source is the gate whose token brought a batch. The batch may be of any gate
// of its site: what counts is who signed it.
type Source struct {
	Site uuid.UUID
	Gate string
}

// Gap is the answer to a batch that leaves a gap: the gate goes on after Held.
// It refuses no fact; they come again, in order.
type Gap struct {
	Held  int64
	First int64
}

// Error tells the gap.
func (g *Gap) Error() string { return g.Unwrap().Error() }

// Unwrap makes a Gap a Conflict.
func (g *Gap) Unwrap() error {
	return parking.Errorf(parking.Conflict, "The batch begins with seq %d, but the cloud holds this epoch only up to %d.", g.First, g.Held)
}

// Complete puts the number from which to go on into the problem document.
func (g *Gap) Complete(p *wire.Problem) { p.Held = &g.Held }

// Ingest takes one batch: raw is the JSON of a wire.Batch. receivedAt is kept
// and never computed with. The errors: Invalid, TooLarge or Forbidden when the
// batch was damaged or does not belong to from, a *Gap, or a failure after
// which the same batch can be sent again.
func (in *Ingester) Ingest(ctx context.Context, from Source, raw []byte, receivedAt time.Time) (wire.BatchAnswer, error) {
	batch, err := parse(raw)
	if err != nil {
		return wire.BatchAnswer{}, err
	}
	if batch.Site != from.Site {
		return wire.BatchAnswer{}, parking.Errorf(parking.Forbidden, "Gate %s may not bring the facts of another site.", from.Gate)
	}
	answer, after, err := in.takeBatch(ctx, batch, receivedAt)
	if err != nil {
		return wire.BatchAnswer{}, err
	}
	if len(answer.Outcomes) == 0 && after > 0 {
		return wire.BatchAnswer{}, parking.Errorf(parking.Forbidden, "Gate %s was revoked before these facts were made: they are not taken.", batch.Gate)
	}
	return answer, nil
}

// takeBatch takes what a batch holds by the right of the key that signed it;
// after counts the items that are not taken, because a revoked gate made them
// after its right had ended.
func (in *Ingester) takeBatch(ctx context.Context, batch *wire.Batch, receivedAt time.Time) (answer wire.BatchAnswer, after int, err error) {
	answer = wire.BatchAnswer{Batch: batch.ID, Epoch: batch.Epoch}
	key, err := in.signer(ctx, batch)
	if err != nil {
		return answer, 0, err
	}
	items, after := byRight(batch, key)
	if len(items) == 0 {
		return answer, after, nil
	}
	err = in.Store.SiteTx(ctx, batch.Site, func(t *store.SiteTx) error {
		return newRun(t, batch, items, receivedAt, in.Log).take(ctx, &answer)
	})
	return answer, after, err
}

// parse decodes a batch.
func parse(raw []byte) (*wire.Batch, error) {
	if len(raw) > wire.MaxBatchBytes {
		return nil, parking.Errorf(parking.TooLarge, "The batch has more than %d bytes.", wire.MaxBatchBytes)
	}
	batch := new(wire.Batch)
	if err := json.Unmarshal(raw, batch); err != nil {
		return nil, parking.Errorf(parking.Invalid, "The batch is not JSON as agreed: %s.", err)
	}
	return batch, nil
}

// signer is the key that signed the batch, of those that its gate has or had.
func (in *Ingester) signer(ctx context.Context, b *wire.Batch) (wire.GateKey, error) {
	if parking.ValidCode("gate", b.Gate) != nil {
		return wire.GateKey{}, parking.Errorf(parking.Forbidden, "Gate %q is not enrolled.", b.Gate)
	}
	rows, err := in.Store.Q.GateKeys(ctx, cloudsql.GateKeysParams{SiteID: b.Site, Gate: b.Gate})
	if err != nil {
		return wire.GateKey{}, fmt.Errorf("read the gate's keys: %w", err)
	}
	if len(rows) == 0 {
		return wire.GateKey{}, parking.Errorf(parking.Forbidden, "Gate %s is not enrolled.", b.Gate)
	}
	keys := make([]wire.GateKey, 0, len(rows))
	for _, r := range rows {
		keys = append(keys, wire.GateKey{Gate: b.Gate, PublicKey: r.PublicKey, Since: r.Since, Until: r.Until, Revoked: r.Revoked})
	}
	return b.SignedBy(keys)
}

// item is one fact of a batch on its way in.
type item struct {
	id      uuid.UUID
	seq     int64
	raw     []byte
	sum     []byte // SHA-256 of raw
	fact    parking.Fact
	body    any
	at      time.Time // of the envelope, as written; zero when it cannot be read
	reason  string    // why it cannot be applied, "" when it can
	revoked bool      // signed with a key whose right had ended: it waits for a person
	outcome wire.Outcome
}

// decode looks into every item. What does not belong where the batch says is
// not applied.
func decode(b *wire.Batch) []*item {
	items := make([]*item, len(b.Items))
	for i, it := range b.Items {
		n := &item{id: it.ID, seq: b.FirstSeq + int64(i), raw: it.Encoded, sum: it.SHA256}
		items[i] = n
		if n.raw == nil {
			n.raw = []byte{} // nothing at all is kept as such, and is not NULL
		}
		n.decode(b)
	}
	return items
}

// misnamed is why an item is never applied, also not by a later version: the
// id under which its batch brought it is not kept.
const misnamed = "The fact says another id, site, gate, epoch or seq than the batch that carries it."

// decode looks into the item. One that does not name its own id, as those from
// quarantine, takes that of the fact.
func (n *item) decode(b *wire.Batch) {
	fact, err := parking.DecodeFact(n.raw)
	if err != nil {
		n.reason = parking.ErrorMessage(err)
		return
	}
	fact.At = parking.BusinessTime(fact.At)
	n.at = fact.At
	if n.id == uuid.Nil {
		n.id = fact.ID
	}
	body, err := parking.DecodeBody(fact)
	switch {
	case fact.ID != n.id || fact.Site != b.Site || fact.Gate != b.Gate || fact.Epoch != b.Epoch || fact.Seq != n.seq:
		n.reason = misnamed
	case err != nil:
		n.reason = parking.ErrorMessage(err)
	case parking.CloudOnly(fact.Kind) && fact.Gate != parking.CloudGate:
		n.reason = "Gates do not write facts of this kind."
	default:
		n.fact, n.body = fact, body
	}
}
