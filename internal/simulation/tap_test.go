package simulation

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"

	"gatehouse/internal/wire"
)

// keptBatches is how many batches are remembered to come once more, later.
const keptBatches = 20

// tap sits before the cloud's handler and does to batches what networks do:
// loses them, brings them twice or much later again, damages them, and loses
// the answer after the commit. It sees all acknowledgements and checks that
// none goes back.
type tap struct {
	loss, twice, later, damage float64 // how often

	mu    sync.Mutex
	begun bool           // the gates know their site; before, a first start may fail for good
	due   map[string]int // at which occasion a kind of mischief happens in any case
	met   map[string]int // occasions so far
	rng   *rand.Rand
	old   []*http.Request // their bodies are in the map below
	body  map[*http.Request][]byte
	acked map[string]int64 // gate and epoch: the highest seq that was acknowledged
	base  int              // which database acknowledges
	wrong []string         // what went back
	count map[string]int   // of what was done
	// lie, in a test of the checks, acknowledges without passing the batch on.
	lie bool
}

// Kinds of mischief, as a day counts them. Each happens at least once.
const (
	requestLost = "request lost"
	answerLost  = "answer lost"
	cameTwice   = "came twice"
	cameAgain   = "came much later again"
	damaged     = "damaged"
)

var mischief = []string{requestLost, answerLost, cameTwice, cameAgain, damaged}

func newTap(rng *rand.Rand) *tap {
	rates := []float64{0, 0.05, 0.25}
	rate := func() float64 { return rates[rng.IntN(len(rates))] }
	t := &tap{
		loss: rate(), twice: rate(), later: rate(), damage: rate() / 4,
		rng: rng, body: map[*http.Request][]byte{}, acked: map[string]int64{}, count: map[string]int{},
		due: map[string]int{}, met: map[string]int{},
	}
	for _, kind := range mischief {
		t.due[kind] = 2 + rng.IntN(30) // the second, because something must have come before it to come again
	}
	return t
}

// begin lets the mischief begin.
func (t *tap) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
}

// calm ends the mischief.
func (t *tap) calm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.loss, t.twice, t.later, t.damage = 0, 0, 0, 0
	clear(t.due)
}

func (t *tap) chance(p *float64, what string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.begun {
		return false
	}
	t.met[what]++
	if t.rng.Float64() >= *p && t.met[what] != t.due[what] {
		return false
	}
	t.count[what]++
	return true
}

// over puts the tap before a handler.
func (t *tap) over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || t.chance(&t.loss, requestLost) {
			panic(http.ErrAbortHandler)
		}
		if r.URL.Path == "/api/v1/facts" {
			if body = t.batch(w, r, body, next); body == nil {
				return
			}
		}
		answer := t.pass(next, r, body)
		if t.chance(&t.loss, answerLost) {
			panic(http.ErrAbortHandler)
		}
		for key, values := range answer.Header() {
			w.Header()[key] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // a gate that is gone cannot be told
	})
}

// batch does what happens to a batch before it comes, and returns what comes
// of it; nil when it was answered.
func (t *tap) batch(w http.ResponseWriter, r *http.Request, body []byte, next http.Handler) []byte {
	if t.lying() {
		forge(w, body)
		return nil
	}
	if t.chance(&t.later, cameAgain) {
		t.again(next)
	}
	t.keep(r, body)
	if t.chance(&t.twice, cameTwice) {
		t.pass(next, r, body)
	}
	if t.chance(&t.damage, damaged) {
		body = bytes.Clone(body)
		body[t.intN(len(body))] ^= 1 << t.intN(8)
	}
	return body
}

func (t *tap) lying() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lie
}

func (t *tap) intN(n int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rng.IntN(n)
}

// keep remembers a batch.
func (t *tap) keep(r *http.Request, body []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.old) == keptBatches {
		delete(t.body, t.old[0])
		t.old = t.old[1:]
	}
	t.old, t.body[r] = append(t.old, r), body
}

// again lets a remembered batch, of any gate, come once more.
func (t *tap) again(next http.Handler) {
	t.mu.Lock()
	if len(t.old) == 0 {
		t.mu.Unlock()
		return
	}
	r := t.old[t.rng.IntN(len(t.old))]
	body := t.body[r]
	t.mu.Unlock()
	t.pass(next, r.WithContext(context.WithoutCancel(r.Context())), body)
}

// pass lets the cloud answer.
func (t *tap) pass(next http.Handler, r *http.Request, body []byte) *httptest.ResponseRecorder {
	before, base := t.ackedSoFar()
	again := r.Clone(r.Context())
	again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	w := httptest.NewRecorder()
	next.ServeHTTP(w, again)
	if r.URL.Path == "/api/v1/facts" && w.Code == http.StatusOK {
		t.note(body, w.Body.Bytes(), before, base)
	}
	return w
}

func (t *tap) ackedSoFar() (acked map[string]int64, base int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.acked), t.base
}

// forget is a database that does not know what the one before has acknowledged.
func (t *tap) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.acked)
	t.base++
}

// note checks one acknowledgement against those that were given before its
// batch came.
func (t *tap) note(body, answer []byte, before map[string]int64, base int) {
	var a wire.BatchAnswer
	b, err := unpack(body)
	if err == nil {
		err = json.Unmarshal(answer, &a)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.wrong = append(t.wrong, "an acknowledgement that cannot be read: "+err.Error())
		return
	}
	key := b.Gate + " " + string(b.Epoch)
	if a.Seq < before[key] || a.Seq < b.FirstSeq+int64(len(b.Items))-1 {
		t.wrong = append(t.wrong, fmt.Sprintf("%s: acknowledged %d for %d+%d after %d", key, a.Seq, b.FirstSeq, len(b.Items), before[key]))
	}
	for _, o := range a.Outcomes {
		if o == wire.Quarantined {
			t.wrong = append(t.wrong, key+": a gate's fact was quarantined")
		}
	}
	if base == t.base {
		t.acked[key] = max(t.acked[key], a.Seq)
	}
}

func unpack(body []byte) (*wire.Batch, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	b := new(wire.Batch)
	return b, json.Unmarshal(raw, b)
}

// forge acknowledges a batch that nobody has.
func forge(w http.ResponseWriter, body []byte) {
	b, err := unpack(body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	a := wire.BatchAnswer{Batch: b.ID, Epoch: b.Epoch, Seq: b.FirstSeq + int64(len(b.Items)) - 1, Outcomes: make([]wire.Outcome, len(b.Items))}
	for i := range a.Outcomes {
		a.Outcomes[i] = wire.Applied
	}
	text, err := json.Marshal(a)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}
