package localapi

import (
	"errors"
	"testing"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// SlowViewer is the second picture that a viewer takes who was away while three
// came and the camera failed.
func SlowViewer(t *testing.T) string {
	f := &feed{changed: make(chan struct{})}
	f.tell([]byte("1"), nil)
	_, number, err := f.next(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	f.tell([]byte("2"), nil)
	f.tell([]byte("3"), nil)
	f.tell(nil, errors.New("dark"))
	picture, _, err := f.next(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return string(picture)
}

// Operation is what one route takes and answers with: Go types, or the names of
// media types for what is no JSON. Nil: no body.
type Operation struct {
	Request, Answer any
}

// Operations are those of the API, by method and path.
var Operations = map[string]Operation{
	"GET /v1/openapi.json":              {nil, "application/json"},
	"GET /v1/status":                    {nil, statusAnswer{}},
	"GET /v1/slots":                     {nil, []lane.ZoneView{}},
	"GET /v1/suggestion":                {nil, lane.Suggestion{}},
	"GET /v1/lanes":                     {nil, []lane.LaneView{}},
	"GET /v1/lanes/{lane}":              {nil, lane.LaneView{}},
	"GET /v1/lanes/{lane}/picture":      {nil, "image/jpeg"},
	"GET /v1/lanes/{lane}/stream":       {nil, "multipart/x-mixed-replace"},
	"POST /v1/lanes/{lane}/arrive":      {arriveRequest{}, arriveAnswer{}},
	"POST /v1/lanes/{lane}/passage":     {passageRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/back-out":    {actRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/aside":       {actRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/recall":      {actRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/direction":   {actRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/tap":         {tapRequest{}, lane.Tapped{}},
	"POST /v1/lanes/{lane}/token-lost":  {tokenLostRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/ticket":      {printRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/allow":       {allowRequest{}, lane.LaneView{}},
	"POST /v1/lanes/{lane}/discount":    {discountRequest{}, lane.LaneView{}},
	"POST /v1/in":                       {inRequest{}, passedAnswer{}},
	"POST /v1/fee":                      {feeRequest{}, feeAnswer{}},
	"POST /v1/out":                      {outRequest{}, outAnswer{}},
	"POST /v1/paper":                    {paperRequest{}, paperAnswer{}},
	"POST /v1/payments":                 {paymentRequest{}, paymentAnswer{}},
	"POST /v1/receipts":                 {receiptRequest{}, lane.ReceiptView{}},
	"GET /v1/shifts":                    {nil, shiftsAnswer{}},
	"POST /v1/shifts":                   {openShiftRequest{}, lane.ShiftView{}},
	"GET /v1/shifts/{shift}":            {nil, lane.ShiftDone{}},
	"POST /v1/shifts/{shift}/close":     {closeShiftRequest{}, lane.ShiftDone{}},
	"POST /v1/refunds":                  {refundRequest{}, lane.Refunded{}},
	"GET /v1/messages":                  {nil, messagesAnswer{}},
	"POST /v1/messages/{message}/read":  {readRequest{}, messagesAnswer{}},
	"PUT /v1/inventories/{zone}/{walk}": {"text/csv", walkAnswer{}},
	"PUT /v1/taken/{gate}":              {takeRequest{}, lane.TakenOver{}},
	"DELETE /v1/taken/{gate}":           {nil, lane.TakenOver{}},
	"GET /v1/stays":                     {nil, []parking.Stay{}},
	"GET /v1/events":                    {nil, "text/event-stream"},
}
