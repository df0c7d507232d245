package localapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// A kiosk takes money before the exit: once for one id, with a receipt whose
// code lets the vehicle out.
func TestKioskPayment(t *testing.T) {
	t.Parallel()
	c := serveWith(t, lanetest.Options{})
	var in struct {
		ID uuid.UUID `json:"id"`
	}
	c.post("/v1/in", `{"lane":"1","plate":"30A12345"}`, &in)
	c.bench.Clock.Pass(70 * time.Minute)
	type answer struct {
		Stay    uuid.UUID        `json:"stay"`
		Payment uuid.UUID        `json:"payment"`
		Due     parking.Money    `json:"due"`
		Change  parking.Money    `json:"change"`
		Paid    bool             `json:"paid"`
		QR      string           `json:"qr"`
		LeaveBy time.Time        `json:"leave_by"`
		Receipt lane.ReceiptView `json:"receipt"`
	}
	body := `{"id":"` + uuid.NewString() + `","plate":"30A-123.45","method":"cash","tendered":10000,"receipt":true,"actor":"kiosk:1","buyer":{"name":"A","tax_code":"0100109106"}}`
	var paid, again answer
	c.post("/v1/payments", body, &paid)
	c.post("/v1/payments", body, &again)
	if !paid.Paid || paid.Due != 8000 || paid.Change != 2000 || paid.Stay != in.ID || paid.Receipt.Number != 1 || paid.Receipt.Buyer == nil || paid.LeaveBy.IsZero() {
		t.Fatalf("paid: %+v", paid)
	}
	if again.Payment != paid.Payment || again.Receipt.Name() != paid.Receipt.Name() || !again.Receipt.Copy {
		t.Errorf("again: %+v", again)
	}
	var shown lane.ReceiptView
	c.post("/v1/receipts", `{"stay":"`+in.ID.String()+`","preview":true}`, &shown)
	if shown.Name() != paid.Receipt.Name() || len(shown.Lines) == 0 {
		t.Errorf("shown: %+v", shown)
	}
	for body, status := range map[string]int{
		`{}`: 400, `{"plate":"30A12345","method":"cash"}`: 409, `{"plate":"30A99999","method":"cash"}`: 404,
		`{"plate":"30A12345","method":"cash","tendered":-1}`: 400, `{"token":"GR1.X","method":"cash"}`: 404, `{"stay":"x"}`: 400,
		`{"plate":"30A12345","method":"by_hand","payer_bank":"a\u001b"}`: 400,
	} {
		if got, answer := c.send(http.MethodPost, "/v1/payments", "application/json", []byte(body)); got != status {
			t.Errorf("%s: %d %s", body, got, answer)
		}
	}
	for body, status := range map[string]int{
		`{}`: 400, `{"stay":"` + uuid.NewString() + `"}`: 404, `{"stay":"` + in.ID.String() + `","print":true}`: 503,
		`{"stay":"` + in.ID.String() + `","payment":"` + uuid.NewString() + `"}`: 404,
	} {
		if got, answer := c.send(http.MethodPost, "/v1/receipts", "application/json", []byte(body)); got != status {
			t.Errorf("%s: %d %s", body, got, answer)
		}
	}
	var out struct {
		State parking.StayState `json:"state"`
	}
	c.post("/v1/out", `{"id":"`+uuid.NewString()+`","lane":"2","plate":"30A12345","token":"`+paid.Receipt.Code+`"}`, &out)
	if out.State != parking.Left {
		t.Errorf("out: %+v", out)
	}
}
