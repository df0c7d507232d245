package books

import (
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Where a bank's notice stands, in the words of the package bank.
const (
	noticeNew     = "new"
	noticeReview  = "review"
	noticeSettled = "settled"
	noticeAside   = "set_aside"
)

// transfers tells what became of the day's requests, and of the money that
// came by transfer that day.
func (r *reckoning) transfers() {
	seen := map[uuid.UUID]bool{}
	for _, f := range r.facts {
		b, ok := f.Told.(*parking.PaymentRequested)
		if !ok || seen[b.Payment] || !r.today(&f.At) {
			continue
		}
		seen[b.Payment] = true
		r.QR.Requested.add(b.Amount)
		switch row := r.byID[b.Payment]; {
		case row == nil || row.PaidAt == nil:
			r.QR.Open.add(b.Amount)
		case row.BankAt != nil:
			r.QR.Confirmed.add(b.Amount)
		default:
			r.QR.ByPerson.add(b.Amount)
		}
	}
	for i := range r.payments {
		row := &r.payments[i]
		if !r.today(row.PaidAt) {
			continue
		}
		switch parking.Method(row.Method) {
		case parking.QR:
			r.qr(row)
		case parking.Manual:
			r.byHand(row)
		}
	}
}

func (r *reckoning) qr(row *cloudsql.ReconcilePaymentsRow) {
	amount := parking.Money(row.Amount)
	if row.BankAt == nil {
		r.QR.Unnoticed.add(amount)
		r.differ(r.of(DiffQRUnnoticed, row))
		return
	}
	if row.OutAt != nil && row.PaidAt.After(*row.OutAt) {
		r.QR.Late.add(amount)
		r.differ(r.of(DiffLate, row))
	}
}

func (r *reckoning) byHand(row *cloudsql.ReconcilePaymentsRow) {
	amount := parking.Money(row.Amount)
	switch {
	case row.BankAt != nil:
		r.ByHand.Proven.add(amount)
	case r.now.Sub(*row.PaidAt) < UnprovenAfter:
		r.ByHand.Waiting.add(amount)
		r.differ(r.of(DiffByHandWaits, row))
	default:
		r.ByHand.Unproven.add(amount)
		r.differ(r.of(DiffUnproven, row))
	}
}

// notices holds what banks told against the payments.
func (r *reckoning) notices() {
	for _, state := range []string{noticeSettled, noticeReview, noticeNew, noticeAside} {
		r.Notices = append(r.Notices, NoticeSum{State: state})
	}
	for i := range r.told {
		n := &r.told[i]
		at := n.ReceivedAt
		if n.BankAt != nil {
			at = *n.BankAt
		}
		if r.today(&at) {
			for j := range r.Notices {
				if r.Notices[j].State == n.State {
					r.Notices[j].Sum.add(parking.Money(n.Amount))
				}
			}
		}
		r.notice(n, at)
	}
}

func (r *reckoning) notice(n *cloudsql.ReconcileNoticesRow, at time.Time) {
	d := Difference{At: at, Notice: n.ID, Amount: parking.Money(n.Amount), Why: n.Why, Stay: orNil(n.StayID)}
	var row *cloudsql.ReconcilePaymentsRow
	if n.PaymentID != nil {
		row = r.byID[*n.PaymentID]
	}
	if row != nil {
		d.Display, d.Gate, d.Actor, d.Other = row.Display, row.Gate, row.Actor, parking.Money(row.Amount)
	}
	switch {
	case n.State == noticeReview && r.today(&at):
		d.Kind = DiffNotice
	case n.State == noticeNew && r.today(&at):
		d.Kind = DiffNoticeNew
	case n.State == noticeSettled && (row == nil || row.PaidAt == nil):
		d.Kind = DiffNoticeLost
	case n.State == noticeSettled && row.Amount != n.Amount:
		d.Kind = DiffNoticeAmount
	case n.State == noticeSettled && !n.Told:
		d.Kind = DiffNoticeOnly
	default:
		return
	}
	r.differ(d)
}
