package tui_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/tui/tuitest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
	"gatehouse/vision"
)

// post is a gate with loops, readers and cameras, and a guard at its console.
type post struct {
	*lanetest.Bench
	*tuitest.Guard
	arrival, passage map[string]*device.SensorSimulator
	reader           map[string]*device.ReaderSimulator
}

// The stays of those who are inside when the post opens, an hour and a half ago.
var (
	hanoi   = inside(1, "30A12345", "", "")
	saigon  = inside(2, "51F44210", "", "")
	carded  = inside(3, "29A77777", "0077", "")
	alike   = inside(4, "30A12346", "", "")
	monthly = inside(5, "30E55555", "", "P-5")
	both    = inside(6, "30E66666", "0066", "P-6")
	withAll = []parking.Stay{hanoi, saigon, carded, alike, monthly, both}
)

func inside(n byte, plate parking.Plate, card, pass string) parking.Stay {
	in := lanetest.Start.Add(-90 * time.Minute)
	return parking.Stay{
		ID: uuid.UUID{0: n, 6: 0x70, 8: 0x80}, State: parking.Inside, Class: parking.Car, Plate: plate, Display: plate.Display(), Token: card, Pass: pass,
		Zone: "N", Placed: true, InAt: &in, InGate: "E", InLane: "1", InBy: "lan", Tariff: "default", TariffV: 1,
	}
}

func newPost(t *testing.T, reads vision.Reading) *post {
	t.Helper()
	p := &post{arrival: map[string]*device.SensorSimulator{}, passage: map[string]*device.SensorSimulator{}, reader: map[string]*device.ReaderSimulator{}}
	p.Bench = lanetest.New(t, lanetest.Options{Still: true, Runs: true, Change: func(s *wire.Snapshot) {
		s.Stays = withAll
	}, Setup: func(c *lane.Config) {
		c.Sensors = map[string]device.Sensor{}
		for _, code := range []string{"1", "2"} {
			p.arrival[code], p.passage[code], p.reader[code] = device.NewSensorSimulator(), device.NewSensorSimulator(), device.NewReaderSimulator()
			c.Sensors[code+"/arrival"], c.Sensors[code+"/passage"] = p.arrival[code], p.passage[code]
		}
	}})
	p.Vision.Next(reads, nil)
	stop := p.RunDesk()
	t.Cleanup(stop)
	for _, code := range []string{"1", "2"} {
		p.ReadCards(code, p.reader[code])
	}
	console := p.Desk.Console()
	t.Cleanup(console.Close)
	p.Guard = tuitest.Sit(t, console, 80, 24)
	p.Sees("F10")
	return p
}

// passed lets the vehicle at a lane drive through.
func (p *post) passed(code string) {
	p.passage[code].Set(true)
	time.Sleep(time.Second)
	p.passage[code].Set(false)
	p.arrival[code].Set(false)
}

// TestPresses counts the keys of each task from the vehicle's arrival, at a
// console in a terminal over a real desk: the table of design/console.md.
func TestPresses(t *testing.T) {
	t.Parallel()
	const (
		space = " "
		enter = "\r"
		down  = "\x1b[B"
		tab   = "\t"
	)
	for _, c := range []struct {
		name  string
		lane  string
		reads vision.Reading
		card  string
		typed int // letters of texts, beside the keys of the table
		keys  int
		do    func(p *post) // what the guard does once the vehicle is shown
		wants parking.Kind
		stay  parking.Stay // whose it is
		bells int
	}{
		{name: "IN with a card", lane: "1", reads: lanetest.Sure("30A55501"), card: "0042", wants: parking.KindVehicleIn},
		{name: "IN: accept plate and slot", lane: "1", reads: lanetest.Sure("30A55501"), keys: 1, wants: parking.KindVehicleIn, do: func(p *post) {
			p.Sees("30A-555.01", "Let in")
			p.Press(space)
		}},
		{name: "IN: correct a plate", lane: "1", reads: lanetest.Sure("30A55507"), typed: len("30A55501"), keys: 1, wants: parking.KindVehicleIn, do: func(p *post) {
			p.Sees("30A-555.07", "Let in")
			p.Type("30A55501")
			p.Press(enter)
		}},
		{name: "IN: pick a plate", lane: "1", reads: lanetest.Unsure("30A55507", "30A55501"), keys: 2, wants: parking.KindVehicleIn, do: func(p *post) {
			p.Sees("2 30A-555.01")
			p.Press("2")
			p.Sees("Let in")
			p.Press(space)
		}},
		{name: "IN: no plate, nothing read", lane: "1", reads: vision.None(), typed: len("30A55501"), keys: 1, wants: parking.KindVehicleIn, do: func(p *post) {
			p.Sees("no plate")
			p.Type("30A55501")
			p.Press(enter)
		}},
		{name: "OUT: token and plate agree, pass", lane: "2", reads: lanetest.Sure("30E66666"), card: "0066", wants: parking.KindVehicleOut, stay: both},
		{name: "OUT: matched exactly, pass, no token", lane: "2", reads: lanetest.Sure("30E55555"), keys: 1, wants: parking.KindVehicleOut, stay: monthly, do: func(p *post) {
			p.Sees("Let out")
			p.Press(enter)
		}},
		{name: "OUT: matched, cash exact", lane: "2", reads: lanetest.Sure("51F44210"), keys: 1, wants: parking.KindPaymentTaken, stay: saigon, do: func(p *post) {
			p.Sees("Cash ₫8,000")
			p.Press(enter)
		}},
		{name: "OUT: VietQR, opens by itself", lane: "2", reads: lanetest.Sure("51F44210"), keys: 1, bells: 1, wants: parking.KindVehicleOut, stay: saigon, do: func(p *post) {
			p.Sees("Cash ₫8,000")
			p.Press("Q")
			p.Sees("▄") // the code itself
			p.told(saigon, 8000)
		}},
		{name: "OUT: pick among likely stays", lane: "2", reads: lanetest.Unsure("30A12345", "30A12346"), keys: 2, wants: parking.KindVehicleOut, stay: alike, do: func(p *post) {
			p.Awaits("both to pick from", func(screen string) bool { return contains(screen, "5 30A-123.4", "6 30A-123.4") })
			if contains(p.Text(), "5 30A-123.46") {
				p.Press("5")
			} else {
				p.Press("6")
			}
			p.Sees("Cash ₫8,000")
			p.Press(enter)
		}},
		{name: "lost card", lane: "2", reads: lanetest.Sure("29A77777"), keys: 4, wants: parking.KindTokenLost, stay: carded, do: func(p *post) {
			p.Sees("29A-777.77")
			p.Press("l", down, enter)
			p.Sees("₫58,000")
			p.Press(enter)
		}},
		{name: "barrier by hand", lane: "1", reads: vision.None(), keys: 3, wants: parking.KindBarrierOpened, do: func(p *post) {
			p.Sees("no plate")
			p.Press("x", down, enter)
		}},
		{name: "no stay found", lane: "2", reads: lanetest.Sure("88A00001"), keys: 3, wants: parking.KindVehicleOut, do: func(p *post) {
			p.Sees("88A-000.01")
			p.Press("l", down, enter)
		}},
		{name: "no stay found, for another sum", lane: "2", reads: lanetest.Sure("88A00001"), typed: len("30000"), keys: 4, wants: parking.KindVehicleOut, do: func(p *post) {
			p.Sees("88A-000.01")
			p.Press("l", down, tab)
			p.Type("30000")
			p.Sees("Takes ₫30,000")
			p.Press(enter)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPost(t, c.reads)
				for _, s := range []parking.Stay{monthly, both} {
					p.Lists(&parking.PassVersion{
						Pass: s.Pass, Plates: []parking.Plate{s.Plate}, Places: 1, Begins: lanetest.Start.AddDate(0, 0, -9),
						Ends: lanetest.Start.AddDate(0, 0, 9), From: lanetest.Start.AddDate(0, 0, -9),
					})
				}
				p.arrival[c.lane].Set(true)
				if c.card != "" {
					time.Sleep(time.Second)
					if err := p.reader[c.lane].Present(t.Context(), c.card); err != nil {
						t.Fatal(err)
					}
				}
				if c.do != nil {
					p.settle(c.lane)
					c.do(p)
				}
				t.Cleanup(func() {
					if t.Failed() {
						t.Log(p.Text())
					}
				})
				p.Until("it is written: "+string(c.wants), func() bool { return len(p.FactsOf(c.wants)) > 0 })
				p.Until("the barrier is open", func() bool { _, n := p.Barriers[c.lane].Openings(); return n == 1 })
				if got := p.Pressed() - c.typed; got != c.keys {
					t.Errorf("%d presses beside %d letters, want %d", got, c.typed, c.keys)
				}
				p.checkStay(c.lane, c.stay)
				p.passed(c.lane)
				p.Awaits("the lane is free again", func(screen string) bool { return contains(screen, "Waiting") })
				if n := p.Bells(); n != c.bells {
					t.Errorf("it rang %d times:\n%s", n, p.Text())
				}
			})
		})
	}
}

// settle gives the guard the time to look that the console asks for.
func (p *post) settle(code string) {
	p.Until("the vehicle is offered", func() bool {
		s := p.Lane(code).Subject
		return s != nil && s.Stage == lane.Offered
	})
	time.Sleep(time.Second)
}

// told has the cloud tell that the bank has seen a sum with the reference that
// the gate has shown.
func (p *post) told(stay parking.Stay, sum parking.Money) {
	p.T.Helper()
	now := p.Clock.Wall()
	asked := lanetest.Says[parking.PaymentRequested](p.Bench, p.FactsOf(parking.KindPaymentRequested)[0])
	stay.Payments = []parking.Payment{{
		ID: asked.Payment, Method: parking.QR, Status: parking.Paid, Amount: sum, Currency: "VND", Gate: "N", Reference: asked.Reference,
		RequestedAt: &now, PaidAt: &now, BankAt: &now, HeardAt: &now, Notice: "sepay:92704",
	}}
	covers := []wire.Covered{{Gate: "N", Epoch: p.State.Epoch(), Seq: 1 << 20}}
	if err := p.State.ApplyDeltas(p.T.Context(), wire.Delta{FeedSeq: 2, Stays: []parking.Stay{stay}, Covers: covers}); err != nil {
		p.T.Fatal(err)
	}
}

// checkStay: exactly one vehicle has gone through the lane, by its own stay.
func (p *post) checkStay(code string, want parking.Stay) {
	p.T.Helper()
	ins, outs := p.FactsOf(parking.KindVehicleIn), p.FactsOf(parking.KindVehicleOut)
	opened := p.FactsOf(parking.KindBarrierOpened)
	if len(opened) != 1 || len(ins)+len(outs) > 1 {
		p.T.Fatalf("the barrier went up %d times, %d in, %d out", len(opened), len(ins), len(outs))
	}
	if len(ins) == 1 {
		if in := lanetest.Says[parking.VehicleIn](p.Bench, ins[0]); code != "1" || in.Plate != "30A55501" {
			p.T.Errorf("in by lane %s: %+v", code, in)
		}
	}
	if len(outs) == 1 && want.ID != uuid.Nil {
		out := lanetest.Says[parking.VehicleOut](p.Bench, outs[0])
		if out.Stay != want.ID || out.Unknown {
			p.T.Errorf("out: %+v, want the stay of %s", out, want.Plate)
		}
		if stay, err := p.State.Stay(p.T.Context(), want.ID); err != nil || stay.State != parking.Left || stay.PaidSum() != stay.Charge.Fee {
			p.T.Errorf("the stay: %+v, %v", stay, err)
		}
	}
}

func contains(screen string, texts ...string) bool {
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			return false
		}
	}
	return true
}
