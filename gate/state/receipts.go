package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// receiptSeries is what is known of the numbers that other runs of this gate
// have issued. writeMu guards it.
//
// A disk cannot say whether it is the newest: it may be an older image, or the
// copy of a machine that still runs. So the main series ("N-2027") goes on only
// while the cloud, which holds what every run has sent, is heard and nothing
// strange was heard of this gate. Otherwise a number is taken in the series of
// this run, which no other run has (docs/RECEIPTS.md).
type receiptSeries struct {
	held    map[string]int64        // main series, and how far the cloud holds each; nil: not heard yet
	runs    map[parking.Epoch]int64 // of this gate, and how far the cloud held each when it said that
	doubted bool                    // another machine writes as this gate
}

// HearReceipts takes what the cloud's welcome says of the main series, and of
// the runs of this gate.
func (s *State) HearReceipts(held map[string]int64, runs map[parking.Epoch]int64) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	s.series = receiptSeries{held: maps.Clone(held), runs: maps.Clone(runs)}
}

// DoubtReceipts says that another machine is the same gate: until the next
// welcome, receipts are numbered in the series of this run.
func (s *State) DoubtReceipts() {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	s.series.doubted = true
}

// doubt is DoubtReceipts where the feed tells of a fact of this gate that its
// disk does not have and that the welcome did not know of: another machine is
// writing.
func (r *receiptSeries) doubt(c wire.Covered) {
	r.doubted = r.doubted || c.Seq > r.runs[c.Epoch]
}

// numberReceipt gives a receipt that has no number yet the next one of its
// series. taken are numbers that earlier drafts of the same write took.
func (s *State) numberReceipt(d *Draft, at time.Time, taken map[string]int64) error {
	b, ok := d.Body.(*parking.ReceiptIssued)
	if !ok || b.Series != "" {
		return nil
	}
	year := at.In(s.zone()).Year()
	series := parking.ReceiptSeries(s.gate, year)
	held, heard := s.series.held[series]
	if !d.Online || !heard || s.series.doubted {
		series, held = parking.RunSeries(s.gate, year, s.epoch), 0
	}
	last, err := s.store.Read().LastReceipt(context.Background(), series)
	if err != nil {
		return s.diskError("read the last receipt", err)
	}
	numbered := *b
	numbered.Series, numbered.Number = series, max(last, held, taken[series])+1
	taken[series] = numbered.Number
	d.Body = &numbered
	return nil
}

// zone is the site's, by which years begin.
func (s *State) zone() *time.Location {
	if zone, err := time.LoadLocation(s.Site().Config.Timezone); err == nil {
		return zone
	}
	return time.UTC
}

func addReceipt(ctx context.Context, q *gatesql.Queries, f *parking.Fact, b *parking.ReceiptIssued) error {
	err := q.AddReceipt(ctx, gatesql.AddReceiptParams{
		Payment: b.Payment.String(), Stay: b.Stay.String(), Series: b.Series, Number: b.Number,
		AtMs: f.At.UnixMilli(), Actor: f.Actor, Document: string(f.Body),
	})
	if err != nil {
		return fmt.Errorf("write a receipt: %w", err)
	}
	return nil
}

// IssuedReceipt is a receipt that this gate has issued.
type IssuedReceipt struct {
	parking.ReceiptIssued
	At time.Time
	By string
}

// Receipt returns the receipt of a payment, if this gate has issued one.
func (s *State) Receipt(ctx context.Context, payment uuid.UUID) (IssuedReceipt, bool, error) {
	row, err := s.store.Read().ReceiptOf(ctx, payment.String())
	if errors.Is(err, sql.ErrNoRows) {
		return IssuedReceipt{}, false, nil
	}
	if err != nil {
		return IssuedReceipt{}, false, s.diskError("read a receipt", err)
	}
	out := IssuedReceipt{At: time.UnixMilli(row.AtMs).UTC(), By: row.Actor}
	if err := json.Unmarshal([]byte(row.Document), &out.ReceiptIssued); err != nil {
		return IssuedReceipt{}, false, fmt.Errorf("read a receipt: %w", err)
	}
	return out, true, nil
}

// AskedHere says whether this gate has written of a payment: asked for it, or
// taken it.
func (s *State) AskedHere(ctx context.Context, stay, payment uuid.UUID) (bool, error) {
	id := stay.String()
	rows, err := s.store.Read().OwnMoney(ctx, &id)
	if err != nil {
		return false, s.diskError("read what was asked for", err)
	}
	for _, encoded := range rows {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			continue // it was read when it was written; a damaged one tells nothing
		}
		body, err := parking.DecodeBody(f)
		if err == nil && parking.SubjectOf(body) == payment.String() {
			return true, nil
		}
	}
	return false, nil
}
