package lane_test

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/state"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// early pays a stay in cash before its exit, with a receipt.
func early(t *testing.T, b *lanetest.Bench, e lane.EarlyPayment) lane.EarlyPaid {
	t.Helper()
	if e.Method == "" {
		e.Method = parking.Cash
	}
	e.Receipt = true
	paid, err := b.Desk.PayEarly(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return paid
}

// Money that was taken before the exit: within the exit window nothing is
// owed, a minute after it the difference, and nothing is ever charged twice.
func TestPaidEarlyAndTheExitWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		wait  time.Duration
		due   parking.Money
		total parking.Money
	}{
		{"at once", 0, 0, 5000},
		{"the last minute of the window", 15*time.Minute + 59*time.Second, 0, 5000},
		{"a minute after it", 16 * time.Minute, 3000, 8000},
		{"an hour after it", 76 * time.Minute, 6000, 11000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, lanetest.Options{Still: true})
			stay := enter(t, b, lane.Arrival{}, "30A12345")
			b.Clock.Pass(50 * time.Minute)
			paid := early(t, b, lane.EarlyPayment{Plate: "30a-123.45", Tendered: 20000})
			if paid.Stay.ID != stay.ID || paid.Due != 5000 || paid.Change != 15000 || paid.Paying || !paid.LeaveBy.Equal(lanetest.Start.Add(65*time.Minute)) {
				t.Fatalf("paid: %+v", paid)
			}
			if r := paid.Receipt; r == nil || r.Number != 1 || r.Copy || r.Amount != 5000 || r.Code == "" || r.Why != "" {
				t.Fatalf("receipt: %+v", paid.Receipt)
			}
			b.Clock.Pass(c.wait)
			s := b.Arrive("2", lane.Arrival{})
			if s.Chosen != 0 || s.Due != c.due {
				t.Fatalf("at the exit: %+v", s)
			}
			var err error
			var left parking.Stay
			if c.due == 0 {
				left, err = b.Desk.LeaveFree(t.Context(), "2", s.ID)
			} else {
				left, err = b.Desk.PayCash(t.Context(), "2", s.ID, 0)
			}
			if err != nil || left.State != parking.Left || left.PaidSum() != c.total || left.Charge.Due != c.due {
				t.Fatalf("left: %+v, %v", left, err)
			}
		})
	}
}

// The same request again is the same payment, over a start too; another one
// finds that nothing is due.
func TestPaidEarlyOnce(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	id := uuid.New()
	first := early(t, b, lane.EarlyPayment{ID: id, Stay: stay.ID})
	b.Restart()
	again := early(t, b, lane.EarlyPayment{ID: id, Stay: stay.ID})
	if again.Payment != first.Payment || again.Receipt.Name() != first.Receipt.Name() || !again.Receipt.Copy || first.Receipt.Copy {
		t.Errorf("again: %+v, %+v after %+v", again, again.Receipt, first.Receipt)
	}
	if n := len(b.FactsOf(parking.KindPaymentTaken)); n != 1 {
		t.Errorf("%d payments", n)
	}
	_, err := b.Desk.PayEarly(t.Context(), lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash})
	if parking.ErrorCode(err) != parking.Conflict || parking.ErrorMessage(err) != "Nothing is due now for 30A-123.45." {
		t.Errorf("paid again by another request: %v", err)
	}
}

func TestPaidEarlyIsRefused(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	for _, c := range []struct {
		e    lane.EarlyPayment
		want string
	}{
		{lane.EarlyPayment{Plate: "30A99999", Method: parking.Cash}, "No vehicle with the plate 30A-999.99 is inside."},
		{lane.EarlyPayment{Token: "0042", Method: parking.Cash}, "No vehicle inside has the card or ticket 0042."},
		{lane.EarlyPayment{Token: "GH1.XX", Method: parking.Cash}, "This ticket cannot be read: it is damaged, or was not read whole. Scan it again, or go on by the plate."},
		{lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash, Tendered: 4000}, "₫4,000 is less than the ₫5,000 that is due."},
		{lane.EarlyPayment{Stay: stay.ID}, "₫5,000 is due; the method is cash, vietqr or by_hand."},
		{lane.EarlyPayment{Stay: stay.ID, Method: parking.Manual}, "Name the payer's bank."},
		{lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash, Print: true}, "This gate has no printer."},
		{lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash, Lane: "1", Print: true}, "Lane 1 has no printer."},
		{lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash, Receipt: true, Buyer: &parking.Buyer{Name: "A", TaxCode: "1"}}, `The tax code "1" is not one: 10 digits, or 10 and 3 with a hyphen, with the right check digit; or the 12 digits of a person.`},
	} {
		if _, err := b.Desk.PayEarly(t.Context(), c.e); parking.ErrorMessage(err) != c.want {
			t.Errorf("%+v: %v, want %q", c.e, err, c.want)
		}
	}
	if n := len(b.FactsOf(parking.KindPaymentTaken)) + len(b.FactsOf(parking.KindReceiptIssued)); n != 0 {
		t.Errorf("%d facts were written", n)
	}
}

// A turn that is paid at entry holds to its end, also where a grace makes the
// first minutes free.
func TestPrepaidTurn(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: func(s *wire.Snapshot) {
		tariff, err := parking.ParseTariffJSON([]byte(`{"id":"default","version":1,"currency":"VND","timezone":"Asia/Ho_Chi_Minh","grace":"10m","rounding":1,"classes":{"car":{
			"turns":[{"name":"day","from":"06:00","to":"18:00","price":5000},{"name":"night","from":"18:00","to":"06:00","price":8000}],"lost_ticket":50000}}}`))
		if err != nil {
			t.Fatal(err)
		}
		s.Config.Tariff = *tariff
	}})
	stay := enter(t, b, lane.Arrival{}, "30A12345") // 08:00
	if _, err := b.Desk.PayEarly(t.Context(), lane.EarlyPayment{Stay: stay.ID, Method: parking.Cash}); parking.ErrorCode(err) != parking.Conflict {
		t.Fatalf("within the grace nothing is due: %v", err)
	}
	paid := early(t, b, lane.EarlyPayment{Stay: stay.ID, Turn: true})
	if paid.Due != 5000 || !paid.LeaveBy.Equal(lanetest.Start.Add(10*time.Hour)) && !paid.LeaveBy.Equal(lanetest.Start.Add(10*time.Hour-time.Minute)) {
		t.Fatalf("paid %d, leave by %s", paid.Due, paid.LeaveBy)
	}
	b.Clock.Pass(9*time.Hour + 59*time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if s.Due != 0 {
		t.Errorf("at the end of the turn %d is due", s.Due)
	}
	b.Clock.Pass(12 * time.Minute) // the quote is no longer held
	if _, err := b.Desk.LeaveFree(t.Context(), "2", s.ID); parking.ErrorCode(err) != parking.Conflict || b.Subject("2").Due != 8000 {
		t.Errorf("in the next turn: %v, due %d", err, b.Subject("2").Due)
	}
}

// Early by VietQR: the code is asked for before the exit, the bank's word
// comes through the feed, and the receipt is then this gate's.
func TestEarlyByVietQR(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	e := lane.EarlyPayment{ID: uuid.New(), Stay: stay.ID, Method: parking.QR}
	asked, err := b.Desk.PayEarly(t.Context(), e)
	if err != nil || !asked.Paying || asked.QR == "" || asked.Reference == "" || asked.Payment != e.ID {
		t.Fatalf("asked: %+v, %v", asked, err)
	}
	if again, err := b.Desk.PayEarly(t.Context(), e); err != nil || again.Reference != asked.Reference || again.QR != asked.QR || !again.Paying {
		t.Fatalf("asked again: %+v, %v", again, err)
	}
	if _, err := b.Desk.Receipt(t.Context(), lane.ReceiptRequest{Stay: stay.ID, Payment: e.ID}); parking.ErrorMessage(err) != "This money has not come yet; there is no receipt for it." {
		t.Errorf("a receipt before the money: %v", err)
	}
	known, err := b.State.Stay(t.Context(), stay.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := lanetest.Start.Add(2 * time.Minute)
	known.Payments = slices.Clone(known.Payments)
	p := &known.Payments[0]
	p.Status, p.PaidAt, p.Gate, p.Actor = parking.Paid, &at, parking.CloudGate, ""
	b.Clock.Pass(3 * time.Minute)
	site := b.State.Site()
	facts := b.Facts()
	err = b.State.ApplyDeltas(t.Context(), wire.Delta{
		FeedSeq: site.FeedSeq + 1, Stays: []parking.Stay{known},
		Covers: []wire.Covered{{Gate: "N", Epoch: b.State.Epoch(), Seq: facts[len(facts)-1].Seq}},
	})
	if err != nil {
		t.Fatal(err)
	}
	paid, err := b.Desk.PayEarly(t.Context(), lane.EarlyPayment{ID: e.ID, Stay: stay.ID, Method: parking.QR, Receipt: true})
	if err != nil || paid.Paying || paid.Receipt == nil || paid.Receipt.Number != 1 || paid.LeaveBy.IsZero() {
		t.Fatalf("after the bank's word: %+v, %v", paid, err)
	}
	if s := b.Arrive("2", lane.Arrival{}); s.Due != 0 {
		t.Errorf("at the exit %d is due", s.Due)
	}
}

// Early by hand settles the code that was shown.
func TestEarlyByHandSettlesTheCode(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	asked, err := b.Desk.PayEarly(t.Context(), lane.EarlyPayment{Stay: stay.ID, Method: parking.QR})
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	paid := early(t, b, lane.EarlyPayment{ID: id, Stay: stay.ID, Method: parking.Manual, PayerBank: "VCB", PaidAt: lanetest.Start})
	again := early(t, b, lane.EarlyPayment{ID: id, Stay: stay.ID, Method: parking.Manual, PayerBank: "VCB", PaidAt: lanetest.Start})
	if paid.Payment != asked.Payment || again.Payment != asked.Payment || len(paid.Stay.Payments) != 1 || paid.Stay.Payments[0].Reference != asked.Reference {
		t.Errorf("by hand: %+v, again %+v", paid, again)
	}
}

// receiptElsewhere is a stay that was paid early at gate N, with its receipt,
// and gate S, which may know the stay and has not heard of the payment.
func receiptElsewhere(t *testing.T, south lanetest.Options, knows bool) (n, s *lanetest.Bench, paid lane.EarlyPaid) {
	t.Helper()
	n = lanetest.New(t, lanetest.Options{Still: true, Key: gateKey(1)})
	stay := enter(t, n, lane.Arrival{}, "30A12345")
	n.Clock.Pass(50 * time.Minute)
	paid = early(t, n, lane.EarlyPayment{Stay: stay.ID})
	south.Still, south.Gate, south.Key = true, "S", gateKey(2)
	change := south.Change
	south.Change = func(snap *wire.Snapshot) {
		if knows {
			snap.Stays = append(snap.Stays, stay)
		}
		if change != nil {
			change(snap)
		}
	}
	s = lanetest.New(t, south)
	s.Clock.Pass(60 * time.Minute)
	return n, s, paid
}

var northKey = keysOf(map[string]ed25519.PrivateKey{"N": gateKey(1)})

// A receipt of gate N is money at gate S, with no line to anybody. When the
// payment's fact arrives, it is the one that was counted.
func TestReceiptAtAnotherGate(t *testing.T) {
	t.Parallel()
	for _, knows := range []bool{true, false} {
		n, south, paid := receiptElsewhere(t, lanetest.Options{Change: northKey}, knows)
		south.Vision.Next(lanetest.Sure("30A12345"), nil)
		s := south.Arrive("2", lane.Arrival{})
		if knows && s.Due != 5000 {
			t.Fatalf("before the receipt: %+v", s)
		}
		if a := tap(t, south, "2", paid.Receipt.Code); a.Refused != "" || a.Subject != s.ID {
			t.Fatalf("shown: %+v", a)
		}
		south.Desk.Settle()
		s = south.Subject("2")
		if s.Chosen != 0 || s.Due != 0 || s.Matches[0].Stay.ID != paid.Stay.ID || !slices.Contains(s.Warnings, "The receipt "+paid.Receipt.Name()+" counts: ₫5,000 was paid at gate N.") {
			t.Fatalf("after it (the stay is known: %v): %+v", knows, s)
		}
		tap(t, south, "2", paid.Receipt.Code) // again, and nothing changes
		left, err := south.Desk.LeaveFree(t.Context(), "2", s.ID)
		if err != nil || left.State != parking.Left {
			t.Fatalf("left: %+v, %v", left, err)
		}
		body := lanetest.Says[parking.VehicleOut](south, south.FactsOf(parking.KindVehicleOut)[0])
		if r := body.Receipts; len(r) != 1 || r[0].Payment != paid.Payment || !r[0].Unheard || r[0].Unproven || r[0].Amount != 5000 || body.Charge.Due != 0 || body.Charge.Marked != "" || body.Unknown {
			t.Errorf("written: %+v", body)
		}
		facts := slices.Concat(south.Facts(), n.Facts())
		if whole := parking.FoldStay(paid.Stay.ID, facts); whole.State != parking.Left || whole.PaidSum() != 5000 || len(whole.Payments) != 1 || whole.Unknown() {
			t.Errorf("folded: %+v", whole)
		}
		// The same receipt for the next vehicle.
		if err := south.Desk.Clear(t.Context(), "2", s.ID); err != nil {
			t.Fatal(err)
		}
		south.Clock.Pass(time.Minute)
		south.Vision.Next(lanetest.Sure("30A99999"), nil)
		if a := tap(t, south, "2", paid.Receipt.Code); !strings.HasPrefix(a.Refused, "This receipt was used: its vehicle left at ") {
			t.Errorf("a used receipt: %+v", a)
		}
	}
}

// A receipt shown for another vehicle counts nothing there, and says so.
func TestReceiptOfAnotherVehicle(t *testing.T) {
	t.Parallel()
	_, south, paid := receiptElsewhere(t, lanetest.Options{Change: northKey}, true)
	enter(t, south, lane.Arrival{}, "29B99999")
	s := south.Arrive("2", lane.Arrival{})
	if s.Chosen != 0 || s.Due != 5000 {
		t.Fatalf("at the exit: %+v", s)
	}
	tap(t, south, "2", paid.Receipt.Code)
	south.Desk.Settle()
	s = south.Subject("2")
	if s.Chosen != 0 || s.Due != 5000 || s.Matches[s.Chosen].Stay.Plate != "29B99999" || !slices.Contains(s.Warnings, "The receipt "+paid.Receipt.Name()+" is for another vehicle; it counts nothing here.") {
		t.Fatalf("with another's receipt: %+v", s)
	}
	left, err := south.Desk.PayCash(t.Context(), "2", s.ID, 0)
	if err != nil || left.PaidSum() != 5000 {
		t.Fatalf("%+v, %v", left, err)
	}
	if body := lanetest.Says[parking.VehicleOut](south, south.FactsOf(parking.KindVehicleOut)[0]); len(body.Receipts) != 0 {
		t.Errorf("written: %+v", body.Receipts)
	}
}

// One whose key is not known is taken after a look, and marked; one that was
// altered, is of another site or was cut short counts nothing.
func TestReceiptsThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	_, south, paid := receiptElsewhere(t, lanetest.Options{}, true)
	south.Vision.Next(lanetest.Sure("30A12345"), nil)
	south.Arrive("2", lane.Arrival{})
	tap(t, south, "2", paid.Receipt.Code)
	south.Desk.Settle()
	s := south.Subject("2")
	if s.Chosen != -1 || !slices.Contains(s.Warnings, "The key that signed this receipt is not known here; compare it with the pictures before you take it.") {
		t.Fatalf("an unknown key: %+v", s)
	}
	if err := south.Desk.Pick(t.Context(), "2", s.ID, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := south.Desk.LeaveFree(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	body := lanetest.Says[parking.VehicleOut](south, south.FactsOf(parking.KindVehicleOut)[0])
	if len(body.Receipts) != 1 || !body.Receipts[0].Unproven || body.Charge.Marked != "the key that signed the receipt is not known at this gate" {
		t.Errorf("written: %+v", body)
	}

	_, south, paid = receiptElsewhere(t, lanetest.Options{Change: northKey}, true)
	code := []byte(paid.Receipt.Code)
	if at := len(code) - 20; code[at] != 'A' {
		code[at] = 'A'
	} else {
		code[at] = 'B'
	}
	for text, want := range map[string]string{
		string(code):           "The signature of this receipt is wrong: it was altered or forged. Take no money off for it.",
		paid.Receipt.Code[:90]: "This receipt cannot be read: it is damaged, or was not read whole. Scan it again, or go on by the plate.",
	} {
		south.Clock.Pass(10 * time.Second)
		if a := tap(t, south, "2", text); a.Refused != want {
			t.Errorf("refused with %q, want %q", a.Refused, want)
		}
	}
	if _, err := south.Desk.Tap(t.Context(), "1", paid.Receipt.Code); parking.ErrorMessage(err) != "A receipt is for leaving; lane 1 leads in." {
		t.Errorf("at a lane that leads in: %v", err)
	}
}

// A receipt that was given back counts nothing where the refund is known.
func TestReceiptOfARefundedPayment(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	paid := early(t, b, lane.EarlyPayment{Stay: stay.ID})
	_, err := b.State.Write(t.Context(), state.Draft{Kind: parking.KindRefundPaid, Actor: "lan", Body: &parking.RefundPaid{
		Stay: stay.ID, Payment: paid.Payment, Amount: 5000, Currency: "VND", Reason: "asked",
	}})
	if err != nil {
		t.Fatal(err)
	}
	b.Arrive("2", lane.Arrival{})
	tap(t, b, "2", paid.Receipt.Code)
	b.Desk.Settle()
	if s := b.Subject("2"); s.Due != 5000 {
		t.Errorf("due %d after the refund", s.Due)
	}
	if _, err := b.Desk.Receipt(t.Context(), lane.ReceiptRequest{Stay: stay.ID, Payment: paid.Payment}); parking.ErrorMessage(err) != "This payment was given back; there is no receipt for it." {
		t.Errorf("its receipt: %v", err)
	}
}

// A driver who shows the receipt after a VietQR was shown owes nothing.
func TestReceiptWhileACodeIsShown(t *testing.T) {
	t.Parallel()
	_, south, paid := receiptElsewhere(t, lanetest.Options{Change: northKey}, true)
	south.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := south.Arrive("2", lane.Arrival{})
	if err := south.Desk.ShowQR(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	tap(t, south, "2", paid.Receipt.Code)
	if s = south.Subject("2"); s.Stage != lane.Offered || s.Due != 0 || s.QR != "" {
		t.Fatalf("after the receipt: %+v", s)
	}
	if _, err := south.Desk.LeaveFree(t.Context(), "2", s.ID); err != nil {
		t.Error(err)
	}
}

// By one call, as a program lets vehicles out.
func TestOutByReceipt(t *testing.T) {
	t.Parallel()
	_, south, paid := receiptElsewhere(t, lanetest.Options{Change: northKey}, false)
	south.Vision.Next(lanetest.Sure("30A12345"), nil)
	a, err := south.Desk.Out(t.Context(), lane.OutRequest{ID: uuid.New(), Lane: "2", Plate: "30A12345", Token: paid.Receipt.Code})
	if err != nil || a.Stay.State != parking.Left || a.Stay.ID != paid.Stay.ID || a.Due != 0 {
		t.Fatalf("%+v, %v", a, err)
	}
}

// The receipt's printing: numbered before, a copy with the same number after;
// a power cut between the two loses no number and repeats none.
func TestReceiptIsNumberedBeforeItIsPrinted(t *testing.T) {
	t.Parallel()
	var stop *lanetest.Stopper
	printer := device.NewPrinterSimulator()
	b := lanetest.New(t, lanetest.Options{
		Still: true, Stop: &stop, Printers: map[string]device.Printer{"2": printer}, Tickets: map[string][]parking.Class{"2": {}},
		Link: func() lane.Link { return lane.Link{State: lane.Online} },
		Change: func(s *wire.Snapshot) {
			s.Config.Seller = wire.Seller{Name: "Công ty Bãi Xe", Address: "1 Tràng Tiền, Hà Nội", TaxCode: "0100109106", Note: "Cảm ơn quý khách.", TaxPercent: 8}
		},
	})
	b.State.HearReceipts(map[string]int64{"N-2026": 11}, nil)
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Clock.Pass(61 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if _, err := b.Desk.PayCash(t.Context(), "2", s.ID, 10000); err != nil {
		t.Fatal(err)
	}
	preview, err := b.Desk.Receipt(t.Context(), lane.ReceiptRequest{Stay: stay.ID, Preview: true})
	if err != nil || preview.Number != 0 || preview.Code != "" || len(b.FactsOf(parking.KindReceiptIssued)) != 0 {
		t.Fatalf("preview: %+v, %v", preview, err)
	}
	ctx, desk := t.Context(), b.Desk
	stop.Stop(b, lane.StepReceipt, func() {
		_, _ = desk.Receipt(ctx, lane.ReceiptRequest{Stay: stay.ID, Print: true, Buyer: &parking.Buyer{Name: "Công ty A", TaxCode: "0300588569"}})
	})
	after := b.Killed(nil)
	got, err := after.Desk.Receipt(t.Context(), lane.ReceiptRequest{Stay: stay.ID, Print: true})
	if err != nil || got.Series != "N-2026" || got.Number != 12 || !got.Copy || !got.Printed || got.Buyer == nil || got.Buyer.TaxCode != "0300588569" {
		t.Fatalf("after the cut: %+v, %v", got, err)
	}
	if n := len(after.FactsOf(parking.KindReceiptIssued)); n != 1 {
		t.Errorf("%d numbers were taken", n)
	}
	papers, _ := printer.Printed()
	text := strings.Join(papers[len(papers)-1].Lines, "\n")
	for _, want := range []string{
		"Công ty Bãi Xe", "MST 0100109106", "BIÊN NHẬN THU TIỀN", "BẢN SAO", "Số N-2026/12", "Biển số 30A-123.45", "Vào 08:00 20/11/2026",
		"Phí gửi xe 8.000", "Gồm thuế GTGT 8%: 593", "Đã thu 8.000", "tiền mặt", "Khách đưa 10.000", "trả lại 2.000",
		"Người mua: Công ty A", "MST người mua: 0300588569", "Thu lúc 09:01 20/11/2026", "Cổng North, người thu lan",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the receipt does not say %q:\n%s", want, text)
		}
	}
	if papers[0].Foot[0] != "Cảm ơn quý khách." || papers[0].QR == "" {
		t.Errorf("its foot: %+v", papers[0])
	}
	_, err = after.Desk.Receipt(t.Context(), lane.ReceiptRequest{Stay: stay.ID, Buyer: &parking.Buyer{Name: "Công ty B"}})
	if parking.ErrorMessage(err) != "The receipt N-2026/12 is issued already; its buyer cannot be changed." {
		t.Errorf("another buyer: %v", err)
	}
	printer.Break("no paper")
	if broken, err := after.Desk.Receipt(t.Context(), lane.ReceiptRequest{Stay: stay.ID, Print: true}); err != nil || broken.Printed || broken.Why != "The printer does not answer: no paper." {
		t.Errorf("a broken printer: %+v, %v", broken, err)
	}
}

// A power cut between the money and its paper: both money and number are kept.
func TestPaidEarlyAndKilled(t *testing.T) {
	t.Parallel()
	var stop *lanetest.Stopper
	b := lanetest.New(t, lanetest.Options{Still: true, Stop: &stop})
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	id := uuid.New()
	ctx, desk := t.Context(), b.Desk
	stop.Stop(b, lane.StepPaidEarly, func() {
		_, _ = desk.PayEarly(ctx, lane.EarlyPayment{ID: id, Stay: stay.ID, Method: parking.Cash, Receipt: true})
	})
	after := b.Killed(nil)
	paid := early(t, after, lane.EarlyPayment{ID: id, Stay: stay.ID})
	if paid.Payment != id || paid.Receipt.Number != 1 || len(after.FactsOf(parking.KindReceiptIssued)) != 1 || len(after.FactsOf(parking.KindPaymentTaken)) != 1 {
		t.Errorf("after the cut: %+v, %+v", paid, paid.Receipt)
	}
	next := enter(t, after, lane.Arrival{}, "30A54321")
	if other := early(t, after, lane.EarlyPayment{Stay: next.ID}); other.Receipt.Number != 1 || other.Receipt.Series == paid.Receipt.Series {
		t.Errorf("the next run, cut off: %s after %s", other.Receipt.Name(), paid.Receipt.Name())
	}
}

// A payment of another gate has its receipt there.
func TestReceiptIsOfTheGateThatTookTheMoney(t *testing.T) {
	t.Parallel()
	at := lanetest.Start
	b := lanetest.New(t, lanetest.Options{Still: true, Change: func(s *wire.Snapshot) {
		stay := parking.Stay{
			ID: uuid.New(), State: parking.Inside, Class: parking.Car, Plate: "30A12345", Display: "30A-123.45", InAt: &at, Zone: "N", Tariff: "default", TariffV: 1,
			Payments: []parking.Payment{{ID: uuid.New(), Method: parking.Cash, Status: parking.Paid, Amount: 5000, Currency: "VND", Gate: "S", PaidAt: &at}},
		}
		elsewhere := stay
		elsewhere.ID, elsewhere.Plate = uuid.New(), "30A54321"
		elsewhere.Payments = []parking.Payment{{ID: uuid.New(), Method: parking.QR, Status: parking.Paid, Amount: 5000, Currency: "VND", Gate: parking.CloudGate, PaidAt: &at}}
		s.Stays = append(s.Stays, stay, elsewhere)
	}})
	for _, s := range b.State.Site().Inside {
		want := "This payment was taken at gate S; its receipt is issued there."
		if s.Plate == "30A54321" {
			want = "This payment was asked for at another gate, or on the site's page; its receipt is issued there."
		}
		if _, err := b.Desk.Receipt(t.Context(), lane.ReceiptRequest{Stay: s.ID}); parking.ErrorMessage(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A stay whose plate no code can carry has a receipt all the same, without one.
func TestReceiptWithoutACode(t *testing.T) {
	t.Parallel()
	at := lanetest.Start
	id := uuid.New()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: func(s *wire.Snapshot) {
		s.Stays = append(s.Stays, parking.Stay{
			ID: id, State: parking.Inside, Class: parking.Car, Plate: "??", Display: "không đọc được", InAt: &at, Zone: "N", Tariff: "default", TariffV: 1,
		})
	}})
	paid := early(t, b, lane.EarlyPayment{Stay: id})
	if paid.Receipt.Number != 1 || paid.Receipt.Code != "" || paid.Receipt.Why != "" || len(paid.Receipt.Lines) == 0 {
		t.Errorf("%+v", paid.Receipt)
	}
}
