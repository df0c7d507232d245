package demo

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/parking"
)

// A telephone pays each code that a lane shows once: the bank tells the cloud
// of the sum, to the account, with the reference in the purpose.
func TestTelephonesPayWhatALaneShows(t *testing.T) {
	t.Parallel()
	code, err := parking.VietQR{BIN: "970436", Account: "0011001234567", Amount: 5000, Memo: parking.NewReference("N", "e", 1)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	told := []string{}
	cloud := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/webhooks/sepay" || r.Header.Get("X-SePay-Signature") == "" {
			t.Errorf("%s %v %v", r.URL.Path, r.Header, err)
		}
		mu.Lock()
		defer mu.Unlock()
		told = append(told, string(raw))
		_, _ = io.WriteString(w, `{"success":true}`)
	}))
	defer cloud.Close()
	looks := make(chan struct{}, 100)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case looks <- struct{}{}:
		default:
		}
		lane := laneState{Lane: parking.Lane{Code: "2"}}
		body, err := json.Marshal(lane)
		if err != nil {
			t.Error(err)
		}
		shown := strings.Replace(string(body), `"subject":null`, `"subject":{"id":"x","stage":"paying","qr":"`+code+`"}`, 1)
		_, _ = io.WriteString(w, "["+shown+"]")
	}))
	defer gate.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var out strings.Builder
	p := &phones{
		gate: &gateAPI{base: gate.URL, http: gate.Client()}, out: &out, rng: rand.New(rand.NewPCG(1, 1)),
		bank: newBank(func() string { return cloud.URL }, "key"),
	}
	ended := make(chan struct{})
	go func() { defer close(ended); p.run(ctx) }()
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(told) }
	for count() == 0 && ctx.Err() == nil {
		<-looks
	}
	for range 5 { // it goes on to be shown
		<-looks
	}
	stop()
	<-ended
	var notice struct {
		Account string        `json:"accountNumber"`
		Amount  parking.Money `json:"transferAmount"`
		Content string        `json:"content"`
	}
	if len(told) != 1 || json.Unmarshal([]byte(told[0]), &notice) != nil {
		t.Fatalf("told %d times: %q; %s", len(told), told, &out)
	}
	found := parking.FindReference(notice.Content)
	if notice.Account != "0011001234567" || notice.Amount != 5000 || len(found) == 0 || found[0] != parking.NewReference("N", "e", 1) {
		t.Errorf("told %+v", notice)
	}
}
