package admin

import (
	"strings"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// person is how a page calls who did something.
func (f frame) person(names books.People, actor string) string {
	if actor == "" {
		return f.T("revenue.device")
	}
	if lane, device := strings.CutPrefix(actor, "lane:"); device {
		return f.T("stay.lane", lane)
	}
	return names.Name(actor)
}

// Told says a fact in words.
func (f frame) Told(fact books.Fact) string {
	key := "fact." + string(fact.Kind)
	switch b := fact.Told.(type) {
	case *parking.VehicleIn:
		return f.T(key, placeOf(b.Zone, b.Slot))
	case *parking.VehicleOut:
		return f.T(key, f.Money(b.Charge.Fee))
	case *parking.PlateCorrected:
		return f.T(key, f.PlateOf(b.Was.Display()), f.PlateOf(b.Plate.Display()))
	case *parking.ClassCorrected:
		return f.T(key, f.Class(b.Was), f.Class(b.Class))
	case *parking.SlotChanged:
		return f.T(key, placeOf(b.Zone, b.Slot))
	case *parking.StayPlaced:
		return f.T(key, placeOf(b.Zone, b.Slot))
	case *parking.StayVoided:
		return f.T(key, b.Reason)
	case *parking.PaymentRequested:
		return f.T(key, f.Method(b.Method), f.Money(b.Amount))
	case *parking.PaymentTaken:
		return f.T(key, f.Method(b.Method), f.Money(b.Amount))
	case *parking.PaymentConfirmed:
		return f.T(key, f.Method(b.Method), f.Money(b.Amount))
	case *parking.RefundMade:
		return f.T(key, f.Money(b.Amount))
	case *parking.ReceiptIssued:
		return f.T("fact.receipt_issued_as", report.ReceiptName(b.Series, b.Number), f.Money(b.Amount))
	case *parking.BarrierFailed:
		return f.T(key, b.Reason)
	case *parking.Alarm:
		return f.T(key, b.Text)
	case *parking.RightVersion:
		role := b.Role
		if role == "" {
			role = f.T("fact.right_none")
		}
		return f.T(key, b.Name, role)
	}
	if fact.Told != nil && words.Has(key) {
		return f.T(key)
	}
	return f.T("fact.other", string(fact.Kind))
}

func placeOf(zone, slot string) string {
	if slot == "" {
		return zone
	}
	return slot
}
