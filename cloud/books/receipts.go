package books

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Receipt is a receipt that a gate issued.
type Receipt struct {
	parking.ReceiptIssued
	Fact     uuid.UUID
	At       time.Time
	Gate     string
	Actor    string
	Refunded parking.Money // given back of its payment since
}

// Seller is what a site has printed on its receipts.
type Seller struct {
	Name, Address, TaxCode, Note string
	TaxPercent                   int // contained in the fee
}

// Seller reads what a site has printed on its receipts.
func (b *Books) Seller(ctx context.Context, site Site) (Seller, error) {
	row, err := b.q.Site(ctx, site.ID)
	if err != nil {
		return Seller{}, fmt.Errorf("read the site: %w", err)
	}
	return Seller{Name: row.Operator, Address: row.Address, TaxCode: row.TaxCode, Note: row.ReceiptNote, TaxPercent: int(row.TaxPercent)}, nil
}

// ReceiptsOf are the receipts among a stay's facts, in order.
func ReceiptsOf(s *Stay) []Receipt {
	var out []Receipt
	for _, f := range s.Facts {
		b, ok := f.Told.(*parking.ReceiptIssued)
		if !ok {
			continue
		}
		r := Receipt{ReceiptIssued: *b, Fact: f.ID, At: f.At, Gate: f.Gate, Actor: f.Actor}
		for _, p := range s.Payments {
			if p.ID == b.Payment {
				r.Refunded = p.Refunded
			}
		}
		out = append(out, r)
	}
	return out
}

// receiptsPage is how many receipts are read at once.
const receiptsPage = 1000

// Receipts reads the receipts that were issued in a period, in order of time.
func (b *Books) Receipts(ctx context.Context, site Site, p Period) ([]Receipt, error) {
	var out []Receipt
	after := cloudsql.BooksReceiptsParams{SiteID: site.ID, FromAt: p.FromAt, UntilAt: p.UntilAt, AfterAt: p.FromAt, MaxRows: receiptsPage}
	for {
		rows, err := b.q.BooksReceipts(ctx, after)
		if err != nil {
			return nil, fmt.Errorf("read the receipts: %w", err)
		}
		for _, row := range rows {
			f, err := readFact(row.Encoded, row.At)
			if err != nil {
				return nil, fmt.Errorf("receipt %s: %w", row.ID, err)
			}
			if body, ok := f.Told.(*parking.ReceiptIssued); ok {
				out = append(out, Receipt{ReceiptIssued: *body, Fact: row.ID, At: row.At, Gate: row.Gate, Actor: row.Actor, Refunded: parking.Money(row.Refunded)})
			}
			after.AfterAt, after.AfterID = row.At, row.ID
		}
		if len(rows) < receiptsPage {
			return out, nil
		}
	}
}
