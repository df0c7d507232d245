package localapi_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// refused wants a refusal of JSON.
func (c *caller) refused(method, path, body string, want int) {
	c.t.Helper()
	if status, answer := c.send(method, path, "application/json", []byte(body)); status != want {
		c.t.Errorf("%s %s %s: %d %s, want %d", method, path, body, status, answer, want)
	}
}

// Two guards at one gate have a drawer each: what one takes and gives back is not
// the other's.
func TestDrawersOfTwoGuards(t *testing.T) {
	t.Parallel()
	c := serve(t)
	var an, binh lane.ShiftView
	c.post("/v1/shifts", `{"actor":"an","float":100000}`, &an)
	c.post("/v1/shifts", `{"actor":"binh","float":50000}`, &binh)
	c.refused(http.MethodPost, "/v1/shifts", `{"actor":"an"}`, http.StatusConflict)
	c.refused(http.MethodPost, "/v1/shifts", `{"float":1}`, http.StatusBadRequest) // nobody is named
	c.refused(http.MethodPost, "/v1/shifts", `{"actor":"cuc","float":-1}`, http.StatusBadRequest)
	c.refused(http.MethodGet, "/v1/shifts/"+an.ID.String(), "", http.StatusConflict) // blind
	c.refused(http.MethodGet, "/v1/shifts/7", "", http.StatusBadRequest)
	c.refused(http.MethodGet, "/v1/shifts/"+uuid.NewString(), "", http.StatusNotFound)

	var stay parking.Stay
	c.post("/v1/in", `{"lane":"1","plate":"30A12345","actor":"an"}`, &stay)
	var out struct {
		Payments []parking.Payment `json:"payments"`
	}
	c.post("/v1/out", `{"lane":"2","plate":"30A12345","method":"cash","actor":"binh"}`, &out)
	if len(out.Payments) != 1 || out.Payments[0].Amount != 5000 {
		t.Fatalf("paid %+v", out.Payments)
	}
	refund := `{"id":"018f0000-0000-7000-8000-0000000000aa","stay":"` + stay.ID.String() + `","payment":"` + out.Payments[0].ID.String() + `","amount":1000,"reason":"a voucher","actor":"an"}`
	var given lane.Refunded
	for range 2 { // sent twice, given once
		c.post("/v1/refunds", refund, &given)
	}
	if !given.Again || given.Stay.PaidSum() != 4000 {
		t.Errorf("given back %+v", given)
	}
	c.refused(http.MethodPost, "/v1/refunds", `{"stay":"`+stay.ID.String()+`","payment":"`+out.Payments[0].ID.String()+`","amount":9000,"reason":"r","actor":"an"}`, http.StatusBadRequest)

	var list struct {
		Open []lane.ShiftView `json:"open"`
	}
	_, answer := c.send(http.MethodGet, "/v1/shifts", "", nil)
	if err := json.Unmarshal(answer, &list); err != nil || len(list.Open) != 2 || list.Open[0].Guard != "an" {
		t.Errorf("open: %s, %v", answer, err)
	}
	c.refused(http.MethodPost, "/v1/shifts/"+binh.ID.String()+"/close", `{"actor":"an","counted":1}`, http.StatusForbidden)
	c.refused(http.MethodPost, "/v1/shifts/"+an.ID.String()+"/close", `{"actor":"an"}`, http.StatusBadRequest) // nothing was counted
	var done lane.ShiftDone
	c.post("/v1/shifts/"+an.ID.String()+"/close", `{"actor":"an","notes":[{"value":50000,"count":1},{"value":20000,"count":2},{"value":5000,"count":2}],"cards":12}`, &done)
	if done.Expected != 99_000 || *done.Over != 1000 || done.Refunds != 1000 || *done.Cards != 12 {
		t.Errorf("an's drawer %+v", done)
	}
	c.post("/v1/shifts/"+binh.ID.String()+"/close", `{"actor":"binh","counted":55000}`, &done)
	if done.Expected != 55_000 || *done.Over != 0 {
		t.Errorf("binh's drawer %+v", done)
	}
	_, answer = c.send(http.MethodGet, "/v1/shifts/"+binh.ID.String(), "", nil)
	var shown lane.ShiftDone
	if err := json.Unmarshal(answer, &shown); err != nil || shown.Counted != 55_000 {
		t.Errorf("handed over: %s, %v", answer, err)
	}
}
