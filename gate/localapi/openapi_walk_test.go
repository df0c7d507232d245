package localapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/localapi"
)

// walk sends the document's examples to a gate.
type walk struct {
	*caller
	operations map[string]operation
	ids        map[string]string // what an id of the examples is here
	done       map[string]bool
}

func newWalk(t *testing.T, b *lanetest.Bench) *walk {
	t.Helper()
	server := httptest.NewServer(localapi.New(localapi.Config{Desk: b.Desk, Lanes: others{}, Token: token, Version: "test"}))
	t.Cleanup(server.Close)
	doc, _ := readDocument(t)
	return &walk{&caller{t, b, server}, doc.operations(t), map[string]string{}, map[string]bool{}}
}

// The ids of a vehicle, a stay and a message in the examples.
const (
	exampleSubject = "018f0000-0000-7000-8000-000000000001"
	exampleStay    = "018f0000-0000-7000-8000-000000000002"
	exampleMessage = "018f0000-0000-7000-8000-000000000031"
)

// subjectIs names the vehicle at a lane, for the examples that speak of one.
func (w *walk) subjectIs(code string) { w.ids[exampleSubject] = w.bench.Subject(code).ID.String() }

// stayIs names the stay of the vehicle at a lane.
func (w *walk) stayIs(code string) { w.ids[exampleStay] = w.bench.Subject(code).Stay.String() }

// do sends the example of an operation, at a lane where it has one, and wants it
// done. The request is as its schema says, and caller.send judges the answer.
func (w *walk) do(name, code string) {
	w.t.Helper()
	o := w.operations[name]
	w.done[name] = true
	method, path, _ := strings.Cut(name, " ")
	query := url.Values{}
	for _, p := range o.Parameters {
		value := fmt.Sprint(p.Example)
		switch {
		case p.In == "path" && p.Name == "lane":
			path = strings.ReplaceAll(path, "{lane}", code)
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
		case p.In == "query":
			query.Set(p.Name, value)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var kind string
	var body []byte
	if o.RequestBody != nil {
		for k, m := range o.RequestBody.Content {
			if m.Example != nil {
				kind, body = k, w.example(name, k, m.Example)
			}
		}
	}
	if status, answer := w.send(method, path, kind, body); status != http.StatusOK {
		w.t.Fatalf("%s %s %s: %d %s", method, path, body, status, answer)
	}
}

// example is an example as it is sent: checked against its schema, with the ids
// that its subjects have here.
func (w *walk) example(name, kind string, v any) []byte {
	w.t.Helper()
	if text, ok := v.(string); ok {
		return []byte(text)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	doc, err := theDocument()
	if err != nil {
		w.t.Fatal(err)
	}
	method, path, _ := strings.Cut(name, " ")
	if err := doc.validate(raw, "paths", path, strings.ToLower(method), "requestBody", "content", kind, "schema"); err != nil {
		w.t.Errorf("the example of %s: %v", name, err)
	}
	text := string(raw)
	for from, to := range w.ids {
		text = strings.ReplaceAll(text, from, to)
	}
	return []byte(text)
}

// turn empties lane 1 and turns it by the example.
func (w *walk) turn() {
	w.t.Helper()
	if s := w.bench.Lane("1").Subject; s != nil {
		if err := w.bench.Desk.Clear(w.t.Context(), "1", s.ID); err != nil {
			w.t.Fatal(err)
		}
	}
	w.do("POST /v1/lanes/{lane}/direction", "1")
}
