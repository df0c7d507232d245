// Package export writes what the cloud knows of a site in a form to compare.
//
// Canonical writes the canonical dump: JSON lines, a function of the set of
// facts that the cloud holds and of the site's ground (zones, slots, tariffs),
// of nothing else. Two clouds that hold the same facts write the same bytes,
// in whatever order and however often the facts came. Not in it are therefore
// received_at, feed numbers, withdrawn conflicts, the audit log, reservations,
// and every id or time that the cloud itself has made.
//
// Each line is an object with its keys sorted and a "record" that says what it
// is. The lines come by record, then by key:
//
//	conflict   kind, facts, stays, slot, at, state (open or settled); by kind and facts
//	held       gate, epoch, seq, applied, quarantined, ids; by gate and epoch
//	payment    id, stay, method, status, amount and refunded (minor units) and so on; by id
//	placement  slot, stay; by slot
//	stay       the stay as folded from its facts, as the feed carries it; by id
//
// Times are UTC, RFC 3339. The ids of a held run are the SHA-256 (hex) of the
// ids of its facts, as text in the order of seq, a space between two.
package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// pageRows bounds how many stays or payments are held in memory at once.
const pageRows = 1000

// Canonical writes the canonical dump of the site with this code to w, as the
// site is at one moment. A site that does not exist is a NotFound error; after
// another error, what was written is a part.
func Canonical(ctx context.Context, s *store.Store, site string, w io.Writer) error {
	return s.ReadTx(ctx, func(q *cloudsql.Queries) error {
		row, err := q.SiteByCode(ctx, site)
		if errors.Is(err, pgx.ErrNoRows) {
			return parking.Errorf(parking.NotFound, "There is no site %q.", site)
		}
		if err != nil {
			return fmt.Errorf("read the site: %w", err)
		}
		d := dump{q: q, site: row.ID, w: w}
		for _, part := range []func(context.Context) error{d.conflicts, d.held, d.payments, d.placements, d.stays} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// dump is one dump being written.
type dump struct {
	q    *cloudsql.Queries
	site uuid.UUID
	w    io.Writer
}

// line writes one record; encoding/json sorts the keys of a map.
func (d *dump) line(record string, fields map[string]any) error {
	fields["record"] = record
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		return fmt.Errorf("encode a %s: %w", record, err)
	}
	if _, err := d.w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write a %s: %w", record, err)
	}
	return nil
}

func (d *dump) conflicts(ctx context.Context) error {
	rows, err := d.q.ExportConflicts(ctx, d.site)
	if err != nil {
		return fmt.Errorf("read the conflicts: %w", err)
	}
	for _, c := range rows {
		fields := map[string]any{"kind": c.Kind, "facts": c.Facts, "stays": c.Stays, "at": c.At.UTC(), "state": c.State}
		if c.SlotCode != nil {
			fields["slot"] = *c.SlotCode
		}
		if err := d.line("conflict", fields); err != nil {
			return err
		}
	}
	return nil
}

func (d *dump) held(ctx context.Context) error {
	rows, err := d.q.ExportHeld(ctx, d.site)
	if err != nil {
		return fmt.Errorf("read what is held: %w", err)
	}
	for _, h := range rows {
		err := d.line("held", map[string]any{
			"gate": h.Gate, "epoch": h.Epoch, "seq": h.Seq, "applied": h.Applied, "quarantined": h.Quarantined, "ids": h.Ids,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *dump) payments(ctx context.Context) error {
	for after := uuid.Nil; ; {
		rows, err := d.q.ExportPayments(ctx, cloudsql.ExportPaymentsParams{SiteID: d.site, AfterID: after, MaxRows: pageRows})
		if err != nil {
			return fmt.Errorf("read the payments: %w", err)
		}
		for _, p := range rows {
			fields := map[string]any{
				"id": p.ID, "stay": p.StayID, "method": p.Method, "status": p.Status, "amount": p.Amount,
				"currency": p.Currency, "gate": p.Gate, "actor": p.Actor,
			}
			if p.Reference != nil {
				fields["reference"] = *p.Reference
			}
			putTime(fields, "requested_at", p.RequestedAt)
			putTime(fields, "paid_at", p.PaidAt)
			putTime(fields, "bank_at", p.BankAt)
			if p.Refunded > 0 {
				fields["refunded"] = p.Refunded
			}
			if err := d.line("payment", fields); err != nil {
				return err
			}
			after = p.ID
		}
		if len(rows) < pageRows {
			return nil
		}
	}
}

func putTime(fields map[string]any, key string, t *time.Time) {
	if t != nil {
		fields[key] = t.UTC()
	}
}

func (d *dump) placements(ctx context.Context) error {
	rows, err := d.q.ExportPlacements(ctx, d.site)
	if err != nil {
		return fmt.Errorf("read who holds the slots: %w", err)
	}
	for _, p := range rows {
		if err := d.line("placement", map[string]any{"slot": p.Slot, "stay": p.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (d *dump) stays(ctx context.Context) error {
	for after := uuid.Nil; ; {
		rows, err := d.q.ExportStays(ctx, cloudsql.ExportStaysParams{SiteID: d.site, AfterID: after, MaxRows: pageRows})
		if err != nil {
			return fmt.Errorf("read the stays: %w", err)
		}
		for _, s := range rows {
			fields, err := exactly(s.Document)
			if err != nil {
				return fmt.Errorf("decode stay %s: %w", s.ID, err)
			}
			if err := d.line("stay", fields); err != nil {
				return err
			}
			after = s.ID
		}
		if len(rows) < pageRows {
			return nil
		}
	}
}

// exactly decodes an object without turning its numbers into floating point,
// which would not hold every sum of money.
func exactly(document []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	return fields, nil
}
