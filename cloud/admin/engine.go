package admin

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"slices"

	"gatehouse/web"
)

// page declares what a page is made of, so that a template that nobody
// declared cannot be shown and one that is missing is noticed at the start.
type page struct {
	layout   string // "site", "bare", or "" for a fragment of its own
	partials []string
}

// Partials that every page of a layout has.
var framed = []string{"head", "icons", "pill", "plate"}

var nowPartials = []string{"now_flow", "now_zones", "now_bar", "now_gates", "now_conflicts", "now_said"}

var pages = map[string]page{
	"signin":     {layout: "bare"},
	"error":      {layout: "bare"},
	"now":        {layout: "site", partials: nowPartials},
	"map":        {layout: "site", partials: []string{"map", "map_slot"}},
	"stays":      {layout: "site"},
	"stay":       {layout: "site", partials: []string{"stay", "stay_sheet"}},
	"gates":      {layout: "site"},
	"conflicts":  {layout: "site"},
	"conflict":   {layout: "site"},
	"quarantine": {layout: "site"},
	"slot":       {layout: "site"},
	"gate_code":  {layout: "site"},
	"revenue":    {layout: "site"},
	"transfers":  {layout: "site"},
	"settings":   {layout: "site"},
	"shifts":     {layout: "site"},
	"shift":      {layout: "site"},
	"passes":     {layout: "site", partials: []string{"lists", "pass_fields"}},
	"pass":       {layout: "site", partials: []string{"lists", "pass_fields"}},
	"cards":      {layout: "site", partials: []string{"lists"}},
	"vehicles":   {layout: "site", partials: []string{"lists"}},
	"messages":   {layout: "site"},

	"leakage":        {layout: "site"},
	"leakage_list":   {layout: "site"},
	"discounts":      {layout: "site"},
	"spot_check":     {layout: "site"},
	"reconciliation": {layout: "site"},
}

// engine renders declared templates and nothing else.
type engine struct{ pages map[string]*template.Template }

func newEngine() (*engine, error) {
	e := &engine{pages: map[string]*template.Template{}}
	used := map[string]bool{}
	for name, p := range pages {
		files := []string{"templates/pages/" + name + ".html", "templates/layouts/" + p.layout + ".html"}
		for _, partial := range slices.Concat(framed, p.partials) {
			files = append(files, "templates/partials/"+partial+".html")
		}
		t, err := template.New(name).Option("missingkey=error").ParseFS(web.Templates, files...)
		if err != nil {
			return nil, fmt.Errorf("templates of page %s: %w", name, err)
		}
		for _, f := range files {
			used[f] = true
		}
		e.pages[name] = t
	}
	return e, undeclared(used)
}

// undeclared names template files that no page uses.
func undeclared(used map[string]bool) error {
	return fs.WalkDir(web.Templates, "templates", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !used[file] {
			err = fmt.Errorf("the template %s is not declared by any page", file)
		}
		return err
	})
}

var errUndeclared = errors.New("not a declared template")

// render writes a page, or with a block's name only that part of it. Nothing
// is sent of a page that fails half way.
func (e *engine) render(name, block string, view any) ([]byte, error) {
	t, ok := e.pages[name]
	if !ok {
		return nil, fmt.Errorf("page %q: %w", name, errUndeclared)
	}
	if block == "" {
		block = "layout"
	} else if !slices.Contains(pages[name].partials, block) {
		return nil, fmt.Errorf("part %q of page %q: %w", block, name, errUndeclared)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, block, view); err != nil {
		return nil, fmt.Errorf("render page %s: %w", name, err)
	}
	return buf.Bytes(), nil
}
