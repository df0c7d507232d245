package auth

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// SiteSettings are what an administrator may say of a site's money: what stands
// on its receipts, and the account that its VietQR codes name.
type SiteSettings struct {
	Operator    string `json:"operator"`
	Address     string `json:"address"`
	TaxCode     string `json:"tax_code"`
	TaxPercent  int    `json:"tax_percent"` // value added tax, contained in the fee
	ReceiptNote string `json:"receipt_note"`
	BankBIN     string `json:"bank_bin"`
	BankAccount string `json:"bank_account"`
}

// Check trims the settings and says in a sentence what is wrong with them.
func (s *SiteSettings) Check() error {
	for _, t := range []*string{&s.Operator, &s.Address, &s.TaxCode, &s.BankBIN, &s.BankAccount} {
		*t = strings.TrimSpace(*t)
	}
	s.ReceiptNote = strings.TrimSpace(strings.ReplaceAll(s.ReceiptNote, "\r\n", "\n"))
	if utf8.RuneCountInString(s.Operator) > 200 || utf8.RuneCountInString(s.Address) > 200 || utf8.RuneCountInString(s.ReceiptNote) > 400 {
		return parking.Errorf(parking.Invalid, "Name and address have at most 200 letters each, the note at the foot 400.")
	}
	for _, t := range []string{s.Operator, s.Address, strings.ReplaceAll(s.ReceiptNote, "\n", "")} {
		if !utf8.ValidString(t) || strings.ContainsFunc(t, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return parking.Errorf(parking.Invalid, "One of the texts holds a character that cannot be printed.")
		}
	}
	if s.TaxCode != "" {
		if err := parking.ValidTaxCode(s.TaxCode); err != nil {
			return err
		}
	}
	if s.TaxPercent < 0 || s.TaxPercent > 100 {
		return parking.Errorf(parking.Invalid, "The tax is a whole number of percent, from 0 to 100.")
	}
	if (s.BankBIN == "") != (s.BankAccount == "") {
		return parking.Errorf(parking.Invalid, "Give the bank and the account number, or neither.")
	}
	if s.BankBIN == "" {
		return nil
	}
	if _, err := (parking.VietQR{BIN: s.BankBIN, Account: s.BankAccount, Amount: 1, Memo: "GH"}).Encode(); err != nil {
		return err
	}
	return nil
}

// Settings reads what holds now.
func (s *Service) Settings(ctx context.Context, p Principal) (SiteSettings, error) {
	return settingsOf(ctx, s.Store.Q, p)
}

func settingsOf(ctx context.Context, q *cloudsql.Queries, p Principal) (SiteSettings, error) {
	row, err := q.Site(ctx, p.Site)
	if err != nil {
		return SiteSettings{}, fmt.Errorf("read the site: %w", err)
	}
	return SiteSettings{
		Operator: row.Operator, Address: row.Address, TaxCode: row.TaxCode, TaxPercent: int(row.TaxPercent),
		ReceiptNote: row.ReceiptNote, BankBIN: row.BankBin, BankAccount: row.BankAccount,
	}, nil
}

// SetSettings writes settings, with an entry of the audit log, and tells the
// gates. What is as before changes nothing.
func (s *Service) SetSettings(ctx context.Context, p Principal, next SiteSettings) error {
	if err := next.Check(); err != nil {
		return err
	}
	return s.Store.SiteTx(ctx, p.Site, func(t *store.SiteTx) error {
		before, err := settingsOf(ctx, t.Q, p)
		if err != nil || before == next {
			return err
		}
		err = t.Q.SetSiteSettings(ctx, cloudsql.SetSiteSettingsParams{
			ID: p.Site, Operator: next.Operator, Address: next.Address, TaxCode: next.TaxCode, TaxPercent: int32(next.TaxPercent), //nolint:gosec // 0 to 100
			ReceiptNote: next.ReceiptNote, BankBin: next.BankBIN, BankAccount: next.BankAccount,
		})
		if err != nil {
			return fmt.Errorf("write the settings: %w", err)
		}
		if err := s.tellKeys(ctx, t, s.Now().UTC()); err != nil {
			return err
		}
		return s.Audit(ctx, t.Q, p, Entry{Action: "site.settings", Subject: "receipts", Before: before, After: next})
	})
}
