package localapi_test

import (
	"net/http"
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

// A card in and lost, all by the API.
func TestTapAndLostToken(t *testing.T) {
	t.Parallel()
	c := serveWith(t, lanetest.Options{Change: func(s *wire.Snapshot) {
		for i := range s.Config.Lanes {
			s.Config.Lanes[i].Class = parking.Motorbike
		}
	}})
	var tapped, again lane.Tapped
	c.post("/v1/lanes/1/tap", `{"token":"0042"}`, &tapped)
	c.post("/v1/lanes/1/tap", `{"token":"0042"}`, &again)
	if tapped.Repeated || !again.Repeated || again.Subject != tapped.Subject {
		t.Fatalf("tapped %+v, then %+v", tapped, again)
	}
	c.bench.Until("it goes in by itself", func() bool { return c.bench.Subject("1").Stage == lane.Opened })
	stay := c.bench.Subject("1").Stay
	c.bench.Clock.Pass(time.Minute)
	c.post("/v1/lanes/2/tap", `{"token":"0042"}`, &tapped)
	c.bench.Until("the card finds its stay", func() bool { return len(c.bench.Subject("2").Matches) == 1 })
	for body, status := range map[string]int{
		`{"token":""}`: 400, `{"token":"` + strings.Repeat("1", 65) + `"}`: 400, `{"token":"GH1.AAAA"}`: 409, `{"token":"a\u0000"}`: 400,
	} {
		if got, answer := c.send(http.MethodPost, "/v1/lanes/1/tap", "application/json", []byte(body)); got != status {
			t.Errorf("%s: %d %s", body, got, answer)
		}
	}
	for body, status := range map[string]int{
		`{"reason":""}`: 400, `{"reason":"lost\u001b[2J"}`: 400, `{"reason":"lost","stay":"` + uuid.NewString() + `"}`: 409,
		`{"reason":"lost","subject":"` + uuid.NewString() + `"}`: 409,
	} {
		if got, answer := c.send(http.MethodPost, "/v1/lanes/2/token-lost", "application/json", []byte(body)); got != status {
			t.Errorf("%s: %d %s", body, got, answer)
		}
	}
	var lv lane.LaneView
	c.post("/v1/lanes/2/token-lost", `{"reason":"Card broken","stay":"`+stay.String()+`","actor":"kiosk"}`, &lv)
	if lv.Subject == nil || lv.Subject.Chosen != 0 || lv.Subject.Due != 32000 {
		t.Errorf("after it was lost: %+v", lv.Subject)
	}
}

// A ticket goes through the API as a card does, and lets its vehicle out once.
func TestOutByTicket(t *testing.T) {
	t.Parallel()
	printer := device.NewPrinterSimulator()
	c := serveWith(t, lanetest.Options{Printers: map[string]device.Printer{"1": printer}})
	var in, out passed
	c.post("/v1/in", `{"lane":"1","plate":"30A12345"}`, &in)
	c.bench.Until("the ticket is printed", func() bool { s := c.bench.Subject("1").Ticket; return s != nil && s.Print == lane.TicketPrinted })
	papers, _ := printer.Printed()
	code := papers[0].QR
	c.bench.Clock.Pass(61 * time.Minute)
	if status, answer := c.send("POST", "/v1/out", "application/json", []byte(`{"lane":"2","token":"`+code[:90]+`","method":"cash"}`)); status != 400 {
		t.Errorf("half a ticket: %d %s", status, answer)
	}
	body := `{"id":"` + uuid.NewString() + `","lane":"2","token":"` + code + `","method":"cash","tendered":10000}`
	c.post("/v1/out", body, &out)
	if out.Stay.ID != in.Stay.ID || out.Stay.State != parking.Left || out.Change != 2000 || out.Stay.OutToken != in.Stay.Token {
		t.Fatalf("out: %+v", out)
	}
	c.post("/v1/out", body, &out) // sent again
	if status, answer := c.send("POST", "/v1/out", "application/json", []byte(strings.Replace(body, `"method"`, `"id":"`+uuid.NewString()+`","method"`, 1))); status == 200 {
		t.Errorf("used twice: %s", answer)
	}
	var lv lane.LaneView
	c.post("/v1/lanes/1/ticket", `{}`, &lv)
	if papers, total := printer.Printed(); total != 2 || papers[1].QR == "" {
		t.Errorf("printed %d times", total)
	}
}
