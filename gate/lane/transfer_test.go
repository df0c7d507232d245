package lane_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// askedByQR is a vehicle at lane 2 whose VietQR of 5,000 is shown.
func askedByQR(t *testing.T, b *lanetest.Bench) (stay parking.Stay, subject lane.Subject) {
	t.Helper()
	in := b.Clock.Wall()
	stay = enter(t, b, lane.Arrival{}, "30A12345")
	stay.InAt = &in
	b.Clock.Pass(30 * time.Minute)
	s := b.Arrive("2", lane.Arrival{})
	if err := b.Desk.ShowQR(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	return stay, b.Subject("2")
}

// cloudTells has the cloud tell what a stay is, with all that this gate has written.
func cloudTells(t *testing.T, b *lanetest.Bench, stay parking.Stay) {
	t.Helper()
	covers := []wire.Covered{{Gate: "N", Epoch: b.State.Epoch(), Seq: 1 << 20}}
	if err := b.State.ApplyDeltas(t.Context(), wire.Delta{FeedSeq: 2, Stays: []parking.Stay{stay}, Covers: covers}); err != nil {
		t.Fatal(err)
	}
}

// confirm has the cloud tell that amount has come for a stay, as the bank says
// with the reference that the gate has shown.
func confirm(t *testing.T, b *lanetest.Bench, stay parking.Stay, subject lane.Subject, amount parking.Money) {
	t.Helper()
	now := b.Clock.Wall()
	request := lanetest.Says[parking.PaymentRequested](b, b.FactsOf(parking.KindPaymentRequested)[0])
	stay.Payments = []parking.Payment{{
		ID: request.Payment, Method: parking.QR, Status: parking.Paid, Amount: amount, Currency: "VND", Gate: "N",
		Reference: subject.Reference, RequestedAt: &now, PaidAt: &now, BankAt: &now,
		HeardAt: &now, Notice: "sepay:92704",
	}}
	cloudTells(t, b, stay)
}

// Once the bank has told of the money, the vehicle leaves with no key.
func TestATransferOpensByItself(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stop := b.RunDesk()
	defer stop()
	stay, subject := askedByQR(t, b)
	confirm(t, b, stay, subject, 5000)
	b.Until("the vehicle is let out", func() bool {
		s := b.Lane("2").Subject
		return s != nil && s.ID == subject.ID && s.Stage == lane.Opened
	})
	if s := b.Subject("2"); s.Due != 0 || s.QR != "" || s.Stay != stay.ID {
		t.Errorf("shown: %+v", s)
	}
	if n := len(b.FactsOf(parking.KindPaymentTaken)); n != 0 {
		t.Errorf("%d payments taken beside the transfer", n)
	}
	out := b.FactsOf(parking.KindVehicleOut)
	if asked := b.FactsOf(parking.KindPaymentRequested); len(out) != 1 || out[0].Actor == "" || out[0].Actor != asked[0].Actor {
		t.Fatalf("exits: %+v", out)
	}
	says := lanetest.Says[parking.VehicleOut](b, out[0])
	if charge := says.Charge; charge.Fee != 5000 || charge.Due != 0 {
		t.Errorf("charge: %+v", charge)
	}
	if w := says.Confirmed; len(w) != 1 || w[0].Notice != "sepay:92704" || w[0].Reference != subject.Reference || w[0].Amount != 5000 {
		t.Errorf("the bank's word in the exit: %+v", w)
	}
}

// Money that comes when another vehicle stands there opens nothing.
func TestATransferThatComesTooLateOpensNothing(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stop := b.RunDesk()
	defer stop()
	stay, subject := askedByQR(t, b)
	if err := b.Desk.MoveAside(t.Context(), "2", subject.ID); err != nil {
		t.Fatal(err)
	}
	confirm(t, b, stay, subject, 5000)
	b.Until("it is noted as paid", func() bool {
		aside := b.Lane("2").Aside
		return len(aside) == 1 && aside[0].Paid
	})
	if n := len(b.FactsOf(parking.KindVehicleOut)); n != 0 {
		t.Errorf("%d exits", n)
	}
}

// A sum that is not the whole fee shows what is left, and opens nothing.
func TestATransferOfLess(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stop := b.RunDesk()
	defer stop()
	stay, subject := askedByQR(t, b)
	confirm(t, b, stay, subject, 2000)
	b.Until("the rest is due", func() bool { return b.Subject("2").Due == 3000 })
	if s := b.Subject("2"); s.Stage != lane.Offered || s.QR != "" || s.Why == "" {
		t.Errorf("shown: %+v", s)
	}
	if n := len(b.FactsOf(parking.KindVehicleOut)); n != 0 {
		t.Errorf("%d exits", n)
	}
	if _, err := b.Desk.PayCash(t.Context(), "2", subject.ID, 0); err != nil {
		t.Fatal(err)
	}
	taken := b.FactsOf(parking.KindPaymentTaken)
	if len(taken) != 1 || lanetest.Says[parking.PaymentTaken](b, taken[0]).Amount != 3000 {
		t.Errorf("taken: %+v", taken)
	}
}

// A program that has asked by an id hears that the vehicle left, and asks no
// second time for money.
func TestAskedAgainAfterTheTransfer(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	stop := b.RunDesk()
	defer stop()
	in := b.Clock.Wall()
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	stay.InAt = &in
	b.Clock.Pass(30 * time.Minute)
	request := lane.OutRequest{ID: uuid.Must(uuid.NewV7()), Lane: "2", Stay: stay.ID, Method: parking.QR}
	answer, err := b.Desk.Out(t.Context(), request)
	if err != nil || !answer.Paying {
		t.Fatalf("%+v, %v", answer, err)
	}
	confirm(t, b, stay, b.Subject("2"), 5000)
	b.Until("the vehicle is let out", func() bool { return len(b.FactsOf(parking.KindVehicleOut)) == 1 })
	answer, err = b.Desk.Out(t.Context(), request)
	if err != nil || answer.Paying || answer.Stay.State != parking.Left {
		t.Fatalf("asked again: %+v, %v", answer, err)
	}
}

// While a driver pays the code of a lane, a request about another stay gets no
// code there: it would be the first one's, and the money that of another.
func TestNobodyIsGivenTheCodeOfAnother(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	first := enter(t, b, lane.Arrival{}, "30A12345")
	second := enter(t, b, lane.Arrival{}, "51F67890")
	b.Clock.Pass(30 * time.Minute)
	asked, err := b.Desk.Out(t.Context(), lane.OutRequest{Lane: "2", Stay: first.ID, Method: parking.QR})
	if err != nil || !asked.Paying {
		t.Fatalf("%+v, %v", asked, err)
	}
	for _, method := range []parking.Method{parking.QR, parking.Cash, parking.Manual} {
		_, err = b.Desk.Out(t.Context(), lane.OutRequest{Lane: "2", Stay: second.ID, Method: method, PayerBank: "VCB", PaidAt: b.Clock.Wall()})
		wantCode(t, err, parking.Conflict)
	}
	again, err := b.Desk.Out(t.Context(), lane.OutRequest{Lane: "2", Stay: first.ID, Method: parking.QR})
	if err != nil || again.QR != asked.QR || again.Stay.ID != first.ID {
		t.Errorf("asked again: %+v, %v", again, err)
	}
}
