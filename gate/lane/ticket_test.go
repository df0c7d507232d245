package lane_test

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func gateKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// keysOf tells a gate of the keys of others.
func keysOf(gates map[string]ed25519.PrivateKey) func(*wire.Snapshot) {
	return func(s *wire.Snapshot) {
		for code, key := range gates {
			s.Config.Keys = append(s.Config.Keys, wire.GateKey{Gate: code, PublicKey: key.Public().(ed25519.PublicKey), Since: lanetest.Start})
		}
	}
}

// printing is a gate N that prints tickets at lane 1.
func printing(t *testing.T, o lanetest.Options) (*lanetest.Bench, *device.PrinterSimulator) {
	t.Helper()
	printer := device.NewPrinterSimulator()
	o.Key, o.Printers = gateKey(1), map[string]device.Printer{"1": printer}
	return lanetest.New(t, o), printer
}

// printed waits for the ticket of the vehicle at lane 1 and returns its code.
func printed(b *lanetest.Bench, printer *device.PrinterSimulator) string {
	b.T.Helper()
	b.Until("the ticket is printed", func() bool { s := b.Subject("1"); return s.Ticket != nil && s.Ticket.Print == lane.TicketPrinted })
	papers, _ := printer.Printed()
	return papers[len(papers)-1].QR
}

// Gate S prices and closes by its ticket a stay of which it has never heard,
// with no line to anybody; whatever order the facts of both then come in, the
// stay is one that came in, paid and left.
func TestTicketAtAnotherGate(t *testing.T) {
	t.Parallel()
	n, printer := printing(t, lanetest.Options{Still: true})
	stay := enter(t, n, lane.Arrival{}, "30A12345")
	code := printed(n, printer)
	if s := n.Subject("1"); s.Ticket.Number != parking.GroupTicketNumber(parking.TicketNumber(stay.ID)) || stay.Token != parking.TicketNumber(stay.ID) {
		t.Fatalf("ticket %+v of the stay %+v", s.Ticket, stay)
	}
	south := lanetest.New(t, lanetest.Options{Still: true, Gate: "S", Key: gateKey(2), Change: keysOf(map[string]ed25519.PrivateKey{"N": gateKey(1)})})
	south.Clock.Pass(61 * time.Minute)
	south.Vision.Next(lanetest.Sure("30A12345"), nil)
	answer := tap(t, south, "2", strings.ToLower(code))
	south.Desk.Settle()
	s := south.Subject("2")
	if answer.Refused != "" || s.Chosen != 0 || s.Due != 8000 || s.Matches[0].Stay.ID != stay.ID || !s.Matches[0].ByToken || !s.Ticket.Unheard {
		t.Fatalf("at gate S: %+v, %+v", answer, s)
	}
	if err := south.Desk.ShowQR(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	left, err := south.Desk.PayCash(t.Context(), "2", s.ID, 0)
	if err != nil || left.State != parking.Left || left.ID != stay.ID {
		t.Fatalf("left: %+v, %v", left, err)
	}
	body := lanetest.Says[parking.VehicleOut](south, south.FactsOf(parking.KindVehicleOut)[0])
	if body.Unknown || body.Stay != stay.ID || body.Token != stay.Token || !body.Charge.In.Equal(*stay.InAt) ||
		body.Charge.Fee != 8000 || body.Charge.Tariff != stay.Tariff || body.Charge.TariffV != stay.TariffV || body.Charge.Marked != "" {
		t.Errorf("written: %+v", body)
	}
	facts := slices.Concat(n.Facts(), south.Facts())
	whole := parking.FoldStay(stay.ID, facts)
	slices.Reverse(facts)
	if again := parking.FoldStay(stay.ID, facts); whole.State != parking.Left || whole.Unknown() || whole.PaidSum() != 8000 || again.State != whole.State || *again.OutAt != *whole.OutAt {
		t.Errorf("folded: %+v", whole)
	}

	// The same ticket once more.
	if err := south.Desk.Clear(t.Context(), "2", s.ID); err != nil {
		t.Fatal(err)
	}
	south.Clock.Pass(time.Minute)
	south.Vision.Next(lanetest.Sure("30A99999"), nil)
	answer = tap(t, south, "2", code)
	if !strings.HasPrefix(answer.Refused, "This ticket was used: its vehicle left at ") {
		t.Errorf("a used ticket: %+v", answer)
	}
	south.Desk.Settle()
	if s := south.Subject("2"); s.ID != answer.Subject || s.Chosen != -1 || s.Token != "" || !slices.Contains(s.Warnings, answer.Refused) {
		t.Errorf("the vehicle with it: %+v", s)
	}
}

// A ticket whose signature is wrong, or of another site, counts for nothing;
// one by a key that is not known here is shown and lets nobody out by itself.
func TestTicketsThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	in := lanetest.Start
	good := parking.Ticket{
		Stay: uuid.MustParse("019aa000-0000-7000-8000-0000000000a1"), Site: lanetest.SiteID, Gate: "N", Class: parking.Car, Plate: "30A12345",
		Zone: "N", Slot: "N08", In: in, Issued: in, Tariff: "default", TariffV: 1,
	}
	sign := func(change func(*parking.Ticket), key byte) string {
		ticket := good
		change(&ticket)
		text, err := ticket.Sign(gateKey(key))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	as := func(*parking.Ticket) {}
	whole := sign(as, 1)
	altered := []byte(whole)
	if altered[30] == 'A' {
		altered[30] = 'B'
	} else {
		altered[30] = 'A'
	}
	for _, c := range []struct {
		name    string
		text    string
		refused string
		leaves  bool
		marked  string
	}{
		{"a good one", whole, "", true, ""},
		{"altered", string(altered), "The signature of this ticket is wrong: it was altered or forged. Go on by the plate.", false, ""},
		{"of another site", sign(func(t *parking.Ticket) { t.Site = uuid.UUID{1} }, 1), "This ticket is of another site. Go on by the plate.", false, ""},
		{"cut short", whole[:len(whole)-9], "This ticket cannot be read: it is damaged, or was not read whole. Scan it again, or go on by the plate.", false, ""},
		{"by a gate's key that ended before", sign(func(t *parking.Ticket) { t.Gate = "W" }, 3), "This ticket was printed after gate W had lost its key. Go on by the plate.", false, ""},
		{"by a key that is not known here", sign(as, 9), "", false, "the key that signed the ticket is not known at this gate"},
		{"by another gate's key", sign(func(t *parking.Ticket) { t.Gate = "E" }, 1), "", false, "the key that signed the ticket is not known at this gate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, lanetest.Options{Still: true, Gate: "S", Key: gateKey(2), Change: func(s *wire.Snapshot) {
				s.Config.Tariff.Grace = 15
				keysOf(map[string]ed25519.PrivateKey{"N": gateKey(1)})(s)
				ended := lanetest.Start
				s.Config.Keys = append(s.Config.Keys, wire.GateKey{Gate: "W", PublicKey: gateKey(3).Public().(ed25519.PublicKey), Until: &ended})
			}})
			b.Clock.Pass(10 * time.Minute)
			b.Vision.Next(lanetest.Sure("30A12345"), nil)
			answer := tap(t, b, "2", c.text)
			b.Desk.Settle()
			s := b.Subject("2")
			out := b.FactsOf(parking.KindVehicleOut)
			if answer.Refused != c.refused || answer.Subject != s.ID || (len(out) > 0) != c.leaves {
				t.Fatalf("answer %+v, left %v, shown %+v", answer, len(out), s)
			}
			if c.refused != "" && (len(s.Matches) > 0 || !slices.Contains(s.Warnings, c.refused)) {
				t.Errorf("shown: %+v", s)
			}
			if c.marked == "" {
				return
			}
			if s.Chosen != -1 || len(s.Matches) != 1 || !slices.Contains(s.Warnings, "The key that signed this ticket is not known here; compare the pictures.") {
				t.Fatalf("shown: %+v", s)
			}
			if err := b.Desk.Pick(t.Context(), "2", s.ID, 0); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Desk.LeaveFree(t.Context(), "2", s.ID); err != nil {
				t.Fatal(err)
			}
			if body := lanetest.Says[parking.VehicleOut](b, b.FactsOf(parking.KindVehicleOut)[0]); body.Charge.Marked != c.marked {
				t.Errorf("marked %q", body.Charge.Marked)
			}
		})
	}
}

// The number beneath the code finds the stay where it is known.
func TestTicketNumberIsTyped(t *testing.T) {
	t.Parallel()
	b, printer := printing(t, lanetest.Options{Still: true, Change: func(s *wire.Snapshot) {
		bikes(s)
		s.Config.ExitProof = map[parking.Class]parking.Proof{parking.Motorbike: parking.ProofToken}
	}})
	stay := enter(t, b, lane.Arrival{}, "29B145678")
	printed(b, printer)
	b.Vision.Next(lanetest.Unsure("29B1"), nil)
	tap(t, b, "2", strings.ToLower(b.Subject("1").Ticket.Number))
	if s := untilThrough(b, "2"); s.Stay != stay.ID {
		t.Errorf("left: %+v", s)
	}
}

// A ticket that did not come out is printed again, the same one; a vehicle
// with a card gets none, and neither does a class for which there are none.
func TestTicketsArePrintedAgain(t *testing.T) {
	t.Parallel()
	b, printer := printing(t, lanetest.Options{Still: true, Tickets: map[string][]parking.Class{"1": {parking.Car}}})
	printer.Break("no paper")
	stay := enter(t, b, lane.Arrival{}, "30A12345")
	b.Until("the print has failed", func() bool { return b.Subject("1").Ticket.Print == lane.TicketFailed })
	if s := b.Subject("1"); s.Stage != lane.Opened || s.Ticket.Why == "" {
		t.Fatalf("a printer without paper held the vehicle up: %+v", s)
	}
	if v := b.Desk.View(); len(v.Troubles) != 1 || v.Troubles[0].Code != "printer_away" {
		t.Errorf("troubles: %+v", v.Troubles)
	}
	id := b.Subject("1").ID
	wantCode(t, b.Desk.PrintTicket(t.Context(), "1", id), parking.Unavailable)
	printer.Break("")
	if err := b.Desk.PrintTicket(t.Context(), "1", id); err != nil {
		t.Fatal(err)
	}
	first := printed(b, printer)
	if err := b.Desk.PrintTicket(t.Context(), "1", id); err != nil {
		t.Fatal(err)
	}
	if again := printed(b, printer); again != first {
		t.Errorf("another ticket: %s, %s", first, again)
	}
	if ticket, err := parking.ReadTicket(first); err != nil || ticket.Stay != stay.ID || ticket.Plate != "30A12345" || ticket.Slot != "N08" {
		t.Errorf("the ticket says %+v, %v", ticket.Ticket, err)
	}
	papers, total := printer.Printed()
	if total != 2 || papers[0].Title != "Bãi xe Trung Tâm" || !slices.Contains(papers[0].Lines, "Vào 08:00 20/11/2026") {
		t.Errorf("%d papers: %+v", total, papers)
	}
	if len(b.Desk.View().Troubles) > 0 {
		t.Errorf("troubles: %+v", b.Desk.View().Troubles)
	}
	enter(t, b, lane.Arrival{Token: "0042"}, "30A11111")
	wantCode(t, b.Desk.PrintTicket(t.Context(), "1", b.Subject("1").ID), parking.Conflict)
	bike := enter(t, b, lane.Arrival{Class: parking.Motorbike}, "29B145678")
	b.Desk.Settle()
	if _, total := printer.Printed(); total != 2 || bike.Token != "" {
		t.Errorf("%d papers, the motorbike has %q", total, bike.Token)
	}
}
