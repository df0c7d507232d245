package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Act is a fact that the cloud is about to write. ID may be left zero; who
// needs to name the fact in another of the same transaction sets it.
type Act struct {
	ID   uuid.UUID
	Kind parking.Kind
	Body any
}

// Write writes facts of the cloud's own (gate parking.CloudGate) at a site and
// what follows from them, in one transaction under the site's lock. decide is
// called with that lock and says what to write, from what it finds; its error
// is returned and nothing is written. Without acts no fact is written, but what
// decide wrote itself stays. actor is who decided, at the cloud's time. An act
// that could not be read back is an Invalid error.
func (in *Ingester) Write(
	ctx context.Context, site uuid.UUID, actor string, at time.Time, decide func(context.Context, *store.SiteTx) ([]Act, error),
) ([]parking.Fact, error) {
	var facts []parking.Fact
	err := in.Store.SiteTx(ctx, site, func(t *store.SiteTx) error {
		acts, err := decide(ctx, t)
		if err != nil || len(acts) == 0 {
			return err
		}
		own, err := readOwn(ctx, t)
		if err != nil {
			return err
		}
		if facts, err = own.facts(acts, actor, at); err != nil {
			return err
		}
		return in.takeOwn(ctx, t, facts, at)
	})
	return facts, err
}

func (in *Ingester) takeOwn(ctx context.Context, t *store.SiteTx, facts []parking.Fact, at time.Time) error {
	batch := &wire.Batch{Site: t.Site, Gate: parking.CloudGate, Epoch: facts[0].Epoch, FirstSeq: facts[0].Seq}
	for _, f := range facts {
		raw, err := f.Encode()
		if err != nil {
			return err
		}
		batch.Items = append(batch.Items, wire.NewItem(f.ID, raw))
	}
	r := newRun(t, batch, decode(batch), at, in.Log)
	for _, n := range r.items {
		if n.reason != "" {
			return parking.Errorf(parking.Invalid, "%s", n.reason)
		}
	}
	var answer wire.BatchAnswer
	if err := r.take(ctx, &answer); err != nil {
		return err
	}
	for _, n := range r.items {
		if n.outcome != wire.Applied {
			return parking.Errorf(parking.Invalid, "The %s could not be written: %s", n.fact.Kind, n.reason)
		}
	}
	return nil
}

// own is where the cloud's own facts of a site go on: an epoch for each
// incarnation of the database, so that a restored one continues as a branch.
type own struct {
	site      uuid.UUID
	epoch     parking.Epoch
	seq       int64  // of the last fact, 0 for none yet
	prev      string // its hash, or that of the epoch before
	lastAt    time.Time
	prevEpoch parking.Epoch
	prevSeq   int64
}

func readOwn(ctx context.Context, t *store.SiteTx) (*own, error) {
	incarnation, err := t.Q.Incarnation(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the incarnation: %w", err)
	}
	rows, err := t.Q.OwnEpochs(ctx, t.Site)
	if err != nil {
		return nil, fmt.Errorf("read the cloud's own epochs: %w", err)
	}
	o := &own{site: t.Site}
	ordinal, random := 1, [8]byte(incarnation[:8])
	for _, row := range rows { // in the order minted
		epoch := parking.Epoch(row.Epoch)
		o.prev, ordinal = row.Hash, epoch.Ordinal()+1
		if epoch == parking.NewEpoch(epoch.Ordinal(), random) {
			o.epoch, o.seq, o.lastAt = epoch, row.Seq, row.LastAt
			return o, nil
		}
		o.prevEpoch, o.prevSeq = epoch, row.Seq
	}
	o.epoch = parking.NewEpoch(ordinal, random)
	return o, nil
}

// facts makes the facts of acts, after a started fact when the epoch is new.
func (o *own) facts(acts []Act, actor string, at time.Time) ([]parking.Fact, error) {
	if o.seq == 0 {
		acts = append([]Act{{Kind: parking.KindStarted, Body: parking.Started{PrevEpoch: o.prevEpoch, PrevSeq: o.prevSeq, Machine: "cloud"}}}, acts...)
	}
	facts := make([]parking.Fact, 0, len(acts))
	for _, a := range acts {
		body, err := json.Marshal(a.Body)
		if err != nil {
			return nil, fmt.Errorf("encode the body of a %s: %w", a.Kind, err)
		}
		if a.ID == uuid.Nil {
			if a.ID, err = uuid.NewV7(); err != nil {
				return nil, fmt.Errorf("make an id: %w", err)
			}
		}
		o.seq++
		o.lastAt = parking.ClampAt(at, o.lastAt)
		f := parking.Fact{
			ID: a.ID, Site: o.site, Gate: parking.CloudGate, Epoch: o.epoch, Seq: o.seq, Prev: o.prev, Kind: a.Kind, At: o.lastAt,
			Clock: parking.ClockSynced, Boot: string(o.epoch), Actor: actor, V: parking.FactVersion, Body: body,
		}
		raw, err := f.Encode()
		if err != nil {
			return nil, err
		}
		o.prev = parking.FactHash(raw)
		facts = append(facts, f)
	}
	return facts, nil
}
