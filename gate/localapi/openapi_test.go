package localapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/localapi"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

var update = flag.Bool("update", false, "write the schemas of openapi.json anew")

const documentFile = "openapi.json"

// document is openapi.json as far as the tests look into it.
type document struct {
	OpenAPI    string                                `json:"openapi"`
	Info       json.RawMessage                       `json:"info"`
	Servers    json.RawMessage                       `json:"servers"`
	Security   json.RawMessage                       `json:"security"`
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Responses       json.RawMessage `json:"responses"`
		SecuritySchemes json.RawMessage `json:"securitySchemes"`
		Schemas         map[string]any  `json:"schemas"`
	} `json:"components"`
}

// operation is one of its operations.
type operation struct {
	OperationID string                     `json:"operationId"`
	Summary     string                     `json:"summary"`
	Description string                     `json:"description,omitempty"`
	Parameters  []parameter                `json:"parameters,omitempty"`
	RequestBody *body                      `json:"requestBody,omitempty"`
	Responses   map[string]json.RawMessage `json:"responses"`
}

type parameter struct {
	Name        string         `json:"name"`
	In          string         `json:"in"`
	Required    bool           `json:"required,omitempty"`
	Description string         `json:"description"`
	Schema      map[string]any `json:"schema"`
	Example     any            `json:"example,omitempty"`
}

type body struct {
	Required    bool             `json:"required,omitempty"`
	Description string           `json:"description,omitempty"`
	Content     map[string]media `json:"content"`
}

type media struct {
	Schema  map[string]any `json:"schema,omitempty"`
	Example any            `json:"example,omitempty"`
}

func readDocument(t *testing.T) (d document, raw []byte) {
	t.Helper()
	raw, err := os.ReadFile(documentFile)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d, raw
}

// operations are those of the document, by method and path.
func (d *document) operations(t *testing.T) map[string]operation {
	t.Helper()
	out := map[string]operation{}
	for path, methods := range d.Paths {
		for method, raw := range methods {
			var o operation
			dec := json.NewDecoder(bytes.NewReader(raw))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&o); err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			out[strings.ToUpper(method)+" "+path] = o
		}
	}
	return out
}

// Every route is in the document and nothing else, each with its parameters,
// and each operation is one that the tests know the types of.
func TestDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	doc, _ := readDocument(t)
	var served []string
	err := chi.Walk(routes(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		served = append(served, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(served)
	operations := doc.operations(t)
	if diff := cmp.Diff(served, slices.Sorted(maps.Keys(operations))); diff != "" {
		t.Errorf("routes (-) and the document (+) differ:\n%s", diff)
	}
	if diff := cmp.Diff(served, slices.Sorted(maps.Keys(localapi.Operations))); diff != "" {
		t.Errorf("routes (-) and known types (+) differ:\n%s", diff)
	}
	ids := map[string]bool{}
	for name, o := range operations {
		if ids[o.OperationID] || o.OperationID == "" || o.Summary == "" {
			t.Errorf("%s: operationId %q, summary %q", name, o.OperationID, o.Summary)
		}
		ids[o.OperationID] = true
		var in []string
		for _, p := range o.Parameters {
			if p.In == "path" {
				in = append(in, "{"+p.Name+"}")
			}
		}
		for _, p := range in {
			if !strings.Contains(name, p) {
				t.Errorf("%s has no %s", name, p)
			}
		}
		if strings.Count(name, "{") != len(in) {
			t.Errorf("%s: parameters %v", name, in)
		}
		if _, other := o.Responses["default"]; !other || len(o.Responses) != 2 {
			t.Errorf("%s: responses %v", name, o.Responses)
		}
	}
}

// The schemas are those of the types that are read and written, with the words
// of their comments. With -update they are written anew.
func TestDocumentFollowsTheTypes(t *testing.T) {
	doc, raw := readDocument(t)
	s := newSchemas(t)
	s.component(reflect.TypeFor[wire.Problem]())
	s.component(reflect.TypeFor[lane.Event]())
	operations := doc.operations(t)
	for name, types := range localapi.Operations {
		o := operations[name]
		if o.RequestBody != nil {
			fill(s, o.RequestBody.Content, types.Request)
		}
		var answer body
		if err := json.Unmarshal(o.Responses["200"], &answer); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fill(s, answer.Content, types.Answer)
		if (o.RequestBody == nil) != (types.Request == nil) {
			t.Errorf("%s: a body in one and none in the other", name)
		}
		o.Responses["200"] = encoded(t, answer)
		method, path, _ := strings.Cut(name, " ")
		doc.Paths[path][strings.ToLower(method)] = encoded(t, o)
	}
	doc.Components.Schemas = s.made
	var want bytes.Buffer
	if err := json.Indent(&want, encoded(t, doc), "", "  "); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	if *update {
		if err := os.WriteFile(documentFile, want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(raw, want.Bytes()) {
		t.Errorf("%s is not what the types are; go test ./gate/localapi -run TestDocument -update\n%s", documentFile, cmp.Diff(string(raw), want.String()))
	}
}

// fill puts the schema of a Go type where the document speaks of JSON.
func fill(s *schemas, content map[string]media, v any) {
	m, ok := content["application/json"]
	if _, text := v.(string); !ok || text || v == nil {
		return
	}
	m.Schema = s.of(reflect.TypeOf(v))
	if kind := reflect.TypeOf(v).Kind(); kind == reflect.Slice {
		m.Schema = orNull(m.Schema)
	}
	content["application/json"] = m
}

func encoded(t *testing.T, v any) json.RawMessage {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

// others stands for the lanes of another gate.
type others struct{}

func (others) TakeLanes(_ context.Context, r lane.TakeRequest) (lane.TakenOver, error) {
	return lane.TakenOver{Gate: r.Gate, Lanes: r.Lanes, Notes: []string{"Look at its barrier."}}, nil
}

func (others) GiveLanes(_ context.Context, gate string, _ bool) (lane.TakenOver, error) {
	return lane.TakenOver{Gate: gate, Lanes: []string{gate + "/1"}}, nil
}

// The example of a refusal is one that the API gives.
func TestExampleOfARefusal(t *testing.T) {
	t.Parallel()
	doc, _ := readDocument(t)
	var responses map[string]body
	if err := json.Unmarshal(doc.Components.Responses, &responses); err != nil {
		t.Fatal(err)
	}
	_, answer := serve(t).send("GET", "/v1/lanes/7", "", nil)
	var got any
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(responses["Problem"].Content["application/problem+json"].Example, got); diff != "" {
		t.Errorf("the document (-) and the API (+) differ:\n%s", diff)
	}
}

// A day at a gate by the examples of the document alone: each request of every
// operation is sent as the document shows it, and answered as it says.
func TestExamplesAreAnswered(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{
		Printers: map[string]device.Printer{"1": device.NewPrinterSimulator(), "2": device.NewPrinterSimulator()},
		Setup:    func(c *lane.Config) { c.Signs = map[string]device.Sign{"2": device.NewSignSimulator()} },
		Change: func(s *wire.Snapshot) {
			some := parking.Money(3000)
			s.Config.Tariff.Discounts = map[string]parking.Discount{"SHOP": {Amount: &some}}
			s.Config.Discounts = wire.DiscountRules{Guards: []string{"SHOP"}, ADay: 2}
		},
	})
	w := newWalk(t, b)
	w.do("POST /v1/shifts", "")
	w.do("POST /v1/lanes/{lane}/arrive", "1")
	w.subjectIs("1")
	w.do("POST /v1/in", "")
	w.stayIs("1")
	w.do("POST /v1/lanes/{lane}/ticket", "1")
	w.do("POST /v1/lanes/{lane}/passage", "1")
	b.Clock.Pass(61 * time.Minute)
	w.do("POST /v1/fee", "")
	w.do("POST /v1/payments", "")
	w.do("POST /v1/receipts", "")
	w.do("POST /v1/refunds", "")
	b.Clock.Pass(2 * time.Hour) // longer than it has to leave: more is due
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	w.ids[exampleSubject] = "018f0000-0000-7000-8000-0000000000a1" // another arrival
	w.do("POST /v1/lanes/{lane}/arrive", "2")
	b.Until("the fee is known", func() bool { s := b.Subject("2"); return s.Stage == lane.Offered && s.Due > 0 })
	b.Until("the driver sees it", func() bool {
		var l lane.LaneView
		_, answer := w.send("GET", "/v1/lanes/2", "", nil)
		return json.Unmarshal(answer, &l) == nil && l.Sign.Shows != nil && l.Sign.Shows.Amount == l.Subject.Due
	})
	w.subjectIs("2")
	for _, act := range []string{"discount", "aside", "recall", "token-lost"} {
		w.do("POST /v1/lanes/{lane}/"+act, "2")
	}
	w.do("POST /v1/out", "")
	w.subjectIs("2")
	w.do("POST /v1/lanes/{lane}/back-out", "2")
	w.do("POST /v1/lanes/{lane}/tap", "1")
	w.do("POST /v1/paper", "")
	w.do("PUT /v1/inventories/{zone}/{walk}", "")
	b.Lists(&parking.BlockVersion{Plate: "30A66666", Blocked: true, Note: "owes"})
	b.Vision.Next(lanetest.Sure("30A66666"), nil)
	blocked, err := b.Desk.Arrive(t.Context(), "2", lane.Arrival{Plate: "30A66666"})
	if err != nil {
		t.Fatal(err)
	}
	b.Until("it is known", func() bool { return b.Subject("2").NeedsWord != "" })
	w.ids[exampleSubject] = blocked.String()
	w.do("POST /v1/lanes/{lane}/allow", "2")
	b.Lists(&parking.MessageVersion{Message: uuid.MustParse(exampleMessage), Text: "The south gate is closed today.", By: "huong"})
	w.do("GET /v1/messages", "")
	w.do("POST /v1/messages/{message}/read", "")
	for name, o := range w.operations { // what only looks, with the gate as it is now
		if strings.HasPrefix(name, "GET ") && !strings.Contains(name, "{shift}") && o.OperationID != "stream" && o.OperationID != "events" {
			w.do(name, "1")
		}
	}
	w.do("POST /v1/shifts/{shift}/close", "")
	w.do("GET /v1/shifts/{shift}", "")
	w.do("PUT /v1/taken/{gate}", "")
	w.do("DELETE /v1/taken/{gate}", "")
	w.turn()
	for name := range w.operations {
		if !w.done[name] && !strings.HasSuffix(name, "/stream") && !strings.HasSuffix(name, "/events") { // TestLivePictures, TestEventsGoOn
			t.Errorf("%s was not tried", name)
		}
	}
}
