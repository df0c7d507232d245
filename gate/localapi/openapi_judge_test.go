package localapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"gatehouse/gate/localapi"
)

// described is the document, ready to judge what is sent and answered.
type described struct {
	mu       sync.Mutex // a compiler is for one at a time
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
	answers  map[string]body // by method and path
}

var theDocument = sync.OnceValues(func() (*described, error) {
	raw, err := os.ReadFile(documentFile)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	d := &described{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	d.compiler.AssertFormat()
	d.answers, err = answersOf(raw)
	return d, errors.Join(err, d.compiler.AddResource("file:///openapi.json", doc))
})

// answersOf are what each operation answers with when it is done.
func answersOf(raw []byte) (map[string]body, error) {
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]json.RawMessage `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	out := map[string]body{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			var b body
			if err := json.Unmarshal(o.Responses["200"], &b); err != nil {
				return nil, err
			}
			out[strings.ToUpper(method)+" "+path] = b
		}
	}
	return out, nil
}

// routes are those of the API, to find which one a path is of.
var routes = sync.OnceValue(func() chi.Routes {
	r, _ := localapi.New(localapi.Config{}).(chi.Routes)
	return r
})

// validate holds a JSON value to the schema at a place of the document.
func (d *described) validate(raw []byte, place ...string) error {
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	pointer := ""
	for _, p := range place {
		pointer += "/" + escape.Replace(p)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	schema := d.compiled[pointer]
	if schema == nil {
		var err error
		if schema, err = d.compiler.Compile("file:///openapi.json#" + pointer); err != nil {
			return err
		}
		d.compiled[pointer] = schema
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// judge holds an answer of the API to the document: its content type is named
// there, and its body is as described. Every answer that a test gets comes here.
func (c *caller) judge(method, path string, resp *http.Response, answer []byte) {
	c.t.Helper()
	doc, err := theDocument()
	if err != nil {
		c.t.Fatal(err)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		c.t.Errorf("%s %s: content type %q", method, path, resp.Header.Get("Content-Type"))
		return
	}
	if resp.StatusCode != http.StatusOK {
		if kind != "application/problem+json" {
			c.t.Errorf("%s %s refuses as %s", method, path, kind)
		}
		err = doc.validate(answer, "components", "responses", "Problem", "content", kind, "schema")
	} else {
		path, _, _ = strings.Cut(path, "?")
		route := routes().Find(chi.NewRouteContext(), method, path)
		if _, named := doc.answers[method+" "+route].Content[kind]; !named {
			c.t.Errorf("%s %s answers with %s, which the document does not name", method, route, kind)
		}
		if kind == "application/json" {
			err = doc.validate(answer, "paths", route, strings.ToLower(method), "responses", "200", "content", kind, "schema")
		}
	}
	if err != nil {
		c.t.Errorf("%s %s answers otherwise than is described: %v\n%s", method, path, err, answer)
	}
}
