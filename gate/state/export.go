package state

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Exported is what an export has written.
type Exported struct {
	Facts    int
	Batches  int
	Salvaged bool // the database is damaged: these are the facts that could be read
}

// exportPage is how many facts are read at once.
const exportPage = 500

// Export writes facts of a data folder to w: those that the cloud is not known
// to have, or all that are kept. The file is gzip; each line in it is one
// batch as the gate would send it, with the same limits, signed with the
// gate's key. The gate may be running; a damaged database gives what can be
// read of it.
func Export(ctx context.Context, r *store.Reader, all bool, w io.Writer) (Exported, error) {
	id, err := r.Identity()
	if err != nil {
		return Exported{}, err
	}
	packed := gzip.NewWriter(w)
	e := exporter{id: id, all: all, to: json.NewEncoder(packed)}
	err = e.fromDatabase(ctx, r)
	if store.IsDamaged(err) {
		err = e.fromDamaged(r)
	}
	if err == nil {
		err = e.flush()
	}
	if err := errors.Join(err, packed.Close()); err != nil {
		return e.done, fmt.Errorf("export: %w", err)
	}
	return e.done, nil
}

type exporter struct {
	id    store.Identity
	all   bool
	to    *json.Encoder
	run   Run
	size  int
	known map[uuid.UUID]bool
	done  Exported
}

func (e *exporter) fromDatabase(ctx context.Context, r *store.Reader) error {
	e.known = map[uuid.UUID]bool{}
	for n := int64(0); ; {
		rows, err := r.FactsFrom(ctx, n, exportPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			n = row.N
			id, err := uuid.Parse(row.ID)
			if err != nil {
				return fmt.Errorf("read the queue: %w", store.Damaged(err))
			}
			if err := e.add(parking.Epoch(row.Epoch), row.Seq, row.AckedMs != nil, wire.NewItem(id, row.Encoded)); err != nil {
				return err
			}
		}
		if len(rows) < exportPage {
			return nil
		}
	}
}

// fromDamaged goes on with what can be found in a damaged database.
func (e *exporter) fromDamaged(r *store.Reader) error {
	facts, err := r.Salvage()
	if err != nil {
		return err
	}
	e.done.Salvaged = true
	for i := range facts {
		f := &facts[i]
		if err := e.add(f.Fact.Epoch, f.Fact.Seq, f.Acked != 0, wire.NewItem(f.Fact.ID, f.Encoded)); err != nil {
			return err
		}
	}
	return nil
}

// add puts a fact into the batch that is being filled.
func (e *exporter) add(epoch parking.Epoch, seq int64, acked bool, item wire.Item) error {
	if acked && !e.all || e.known[item.ID] {
		return nil
	}
	e.known[item.ID] = true
	if !e.run.takes(epoch, seq, e.size, item) {
		if err := e.flush(); err != nil {
			return err
		}
	}
	e.size = e.run.add(epoch, seq, e.size, item)
	return nil
}

// flush signs and writes the batch.
func (e *exporter) flush() error {
	if len(e.run.Items) == 0 {
		return nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make a batch's id: %w", err)
	}
	b := wire.Batch{ID: id, Site: e.id.Site, Gate: e.id.Gate, Epoch: e.run.Epoch, FirstSeq: e.run.FirstSeq, Items: e.run.Items}
	b.Sign(e.id.PrivateKey)
	if err := e.to.Encode(b); err != nil {
		return fmt.Errorf("write a batch: %w", err)
	}
	e.done.Batches++
	e.done.Facts += len(e.run.Items)
	e.run, e.size = Run{}, 0
	return nil
}
