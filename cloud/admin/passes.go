package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/passes"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type passesView struct {
	listFrame
	Find    string
	Rows    []passRow
	Form    passForm
	Open    bool // the form for a new pass
	Zones   []option
	Classes []option
}

// passRow is one pass as a list and its page show it.
type passRow struct {
	books.Pass
	From, Until string // days
	Pill        pill
	Cars        []string // its plates as they are written
}

// passForm is what was typed of a pass.
type passForm struct {
	Code, Plates, Places, From, Until, Class, Zone, Name, Phone, Note string
	Suspended                                                         bool
	Seen                                                              string
}

func (f frame) passRow(p books.Pass) passRow {
	row := passRow{Pass: p, Pill: f.PassPill(p.State(f.At))}
	row.From, row.Until = passes.Days(&p.PassVersion, f.Site.Zone)
	for _, plate := range p.Plates {
		row.Cars = append(row.Cars, plate.Display())
	}
	return row
}

// PassPill is what a pass is just now.
func (f frame) PassPill(s parking.PassState) pill {
	out := pill{look.Free, "✓", f.T("passes.is." + string(s))}
	switch s {
	case parking.PassCovers:
	case parking.PassNoPlace:
		out.Role, out.Mark = look.Occupied, "■"
	case parking.PassNotBegun:
		out.Role, out.Mark = look.Reserved, "▨"
	default:
		out.Role, out.Mark = look.Out, "×"
	}
	return out
}

// passes lists the passes by code, or those of a plate.
func (p *Pages) passes(w http.ResponseWriter, r *http.Request) { p.showPasses(w, r, nil) }

func (p *Pages) showPasses(w http.ResponseWriter, r *http.Request, refused error) {
	l, err := p.listFrame(r, "passes")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := passesView{listFrame: l, Find: strings.TrimSpace(r.URL.Query().Get("find")), Form: formOfPass(r.PostForm)}
	status := http.StatusOK
	if refused != nil {
		var told bool
		if status, told = v.refuse(refused); !told {
			p.fail(w, r, refused)
			return
		}
		v.Open = len(v.Bad) == 0 && r.PostForm.Has("code")
	}
	if v.Form.Places == "" {
		v.Form.Places = "1"
	}
	if err := p.fillPasses(r, &v); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, "passes", "", v)
}

func (p *Pages) fillPasses(r *http.Request, v *passesView) error {
	var f books.PassFilter
	if v.Find != "" {
		if _, err := p.Books.Pass(r.Context(), v.Site.ID, v.At, v.Find); err == nil {
			f.Code = v.Find
		} else if plate, err := parking.ParsePlate(v.Find); err == nil {
			f.Plate = plate
		} else {
			f.Code = v.Find
		}
	}
	rows, next, err := p.Books.Passes(r.Context(), v.Site.ID, v.At, f, r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	for _, row := range rows {
		v.Rows = append(v.Rows, v.passRow(row))
	}
	if next != "" {
		v.Next = "/passes?" + url.Values{"find": {v.Find}, "after": {next}}.Encode()
	}
	v.Zones, v.Classes, err = p.passChoices(r, v.frame, v.Form)
	return err
}

// passChoices are the zones and classes that a pass may be for.
func (p *Pages) passChoices(r *http.Request, f frame, form passForm) (zones, classes []option, err error) {
	now, err := p.Books.Now(r.Context(), f.Site, f.At)
	if err != nil {
		return nil, nil, err
	}
	zones, classes = []option{{Text: f.T("passes.any")}}, []option{{Text: f.T("passes.any")}}
	for _, z := range now.Zones {
		zones = append(zones, option{Value: z.Code, Text: z.Code + " · " + z.Name, Chosen: z.Code == form.Zone})
	}
	for _, c := range []parking.Class{parking.Car, parking.Motorbike, parking.Bicycle} {
		classes = append(classes, option{Value: string(c), Text: f.Class(c), Chosen: string(c) == form.Class})
	}
	return zones, classes, nil
}

func formOfPass(q url.Values) passForm {
	return passForm{
		Code: q.Get("code"), Plates: q.Get("plates"), Places: q.Get("places"), From: q.Get("from"), Until: q.Get("until"), Class: q.Get("class"),
		Zone: q.Get("zone"), Name: q.Get("name"), Phone: q.Get("phone"), Note: q.Get("note"), Suspended: q.Get("suspended") != "", Seen: q.Get("seen"),
	}
}

// pass is what was typed, as it is written.
func (f *passForm) pass() (passes.Pass, error) {
	places, err := strconv.Atoi(strings.TrimSpace(f.Places))
	if err != nil {
		return passes.Pass{}, parking.Errorf(parking.Invalid, "The number of places is written in digits.")
	}
	seen, _ := uuid.Parse(f.Seen) // one that is none was not seen
	return passes.Pass{
		Code: strings.TrimSpace(f.Code), Plates: passes.SplitPlates(f.Plates), Class: parking.Class(f.Class), Zone: f.Zone, Places: places,
		From: f.From, Until: f.Until, Suspended: f.Suspended, Seen: seen, Holder: passes.Holder{Name: f.Name, Phone: f.Phone, Note: f.Note},
	}, nil
}

// passCreate writes a new pass.
func (p *Pages) passCreate(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	typed := formOfPass(r.PostForm)
	typed.Seen = ""
	in, err := typed.pass()
	if err == nil {
		err = p.Passes.PutPass(r.Context(), f.Me, in)
	}
	if err != nil {
		p.showPasses(w, r, err)
		return
	}
	http.Redirect(w, r, "/passes/"+url.PathEscape(in.Code)+"?done=1", http.StatusSeeOther)
}

type passView struct {
	listFrame
	Pass    passRow
	Form    passForm
	Zones   []option
	Classes []option
	Changes []passChange
	Swap    []option // vehicles that another may take the place of
	Open    bool     // the form with everything
}

type passChange struct {
	When, By, Says string
}

// pass shows one pass, and how it was changed.
func (p *Pages) pass(w http.ResponseWriter, r *http.Request) { p.showPass(w, r, nil) }

func (p *Pages) showPass(w http.ResponseWriter, r *http.Request, refused error) {
	l, err := p.listFrame(r, "passes")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := passView{listFrame: l}
	status := http.StatusOK
	if refused != nil {
		var told bool
		if status, told = v.refuse(refused); !told {
			p.fail(w, r, refused)
			return
		}
	}
	if err := p.fillPass(r, &v, refused != nil); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, "pass", "", v)
}

func (p *Pages) fillPass(r *http.Request, v *passView, typed bool) error {
	code := chi.URLParam(r, "code")
	found, err := p.Books.Pass(r.Context(), v.Site.ID, v.At, code)
	if err != nil {
		return err
	}
	v.Pass = v.passRow(found)
	v.Title = v.T("passes.one", code)
	v.Here = "/passes/" + url.PathEscape(code)
	v.Form = v.Pass.form()
	if typed && r.PostForm.Get("how") == "edit" {
		v.Form, v.Open = formOfPass(r.PostForm), true
		v.Form.Seen = found.Seen.String() // the reader has seen it as it is now
	}
	for _, plate := range found.Plates {
		v.Swap = append(v.Swap, option{Value: string(plate), Text: plate.Display()})
	}
	if v.Zones, v.Classes, err = p.passChoices(r, v.frame, v.Form); err != nil {
		return err
	}
	changes, err := p.Books.PassChanges(r.Context(), v.Site.ID, code)
	if err != nil {
		return err
	}
	people, err := p.Books.People(r.Context(), v.Site.ID)
	if err != nil {
		return err
	}
	for _, c := range changes {
		v.Changes = append(v.Changes, passChange{When: v.Full(c.From), By: people.Name(c.By), Says: v.passSays(&c.PassVersion)})
	}
	return nil
}

func (row *passRow) form() passForm {
	var plates []string
	for _, plate := range row.Plates {
		plates = append(plates, string(plate))
	}
	return passForm{
		Code: row.PassVersion.Pass, Plates: strings.Join(plates, ", "), Places: strconv.Itoa(row.Places), From: row.From, Until: row.Until,
		Class: string(row.Class), Zone: row.Zone, Name: row.Name, Phone: row.Phone, Note: row.Note, Suspended: row.Suspended, Seen: row.Seen.String(),
	}
}

// passSays is a version in a line.
func (f frame) passSays(v *parking.PassVersion) string {
	from, until := passes.Days(v, f.Site.Zone)
	var cars []string
	for _, plate := range v.Plates {
		cars = append(cars, plate.Display())
	}
	says := f.T("passes.says", from, until, strings.Join(cars, ", "), f.Num(v.Places))
	if v.Suspended {
		says += " · " + f.T("passes.is.suspended")
	}
	return says
}

// passSubmit changes a pass: all of it, or one thing.
func (p *Pages) passSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	code := chi.URLParam(r, "code")
	found, err := p.Books.Pass(r.Context(), f.Site.ID, f.At, code)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	row := f.passRow(found)
	in, err := changed(row.form(), r.PostForm)
	if err == nil {
		in.Code = code
		err = p.Passes.PutPass(r.Context(), f.Me, in)
	}
	if err != nil {
		p.showPass(w, r, err)
		return
	}
	http.Redirect(w, r, "/passes/"+url.PathEscape(code)+"?done=1", http.StatusSeeOther)
}

// changed is a pass with what a form asks for. What the person has seen comes
// from the form, so that a pass that was changed meanwhile is not.
func changed(now passForm, typed url.Values) (passes.Pass, error) {
	now.Seen = typed.Get("seen")
	switch typed.Get("how") {
	case "edit":
		now = formOfPass(typed)
	case "renew":
		now.Until = typed.Get("until")
	case "suspend":
		now.Suspended = true
	case "resume":
		now.Suspended = false
	case "swap":
		plate, err := parking.ParsePlate(typed.Get("to"))
		if err != nil {
			return passes.Pass{}, err
		}
		plates := passes.SplitPlates(now.Plates)
		at := slices.IndexFunc(plates, func(s string) bool { return strings.TrimSpace(s) == typed.Get("off") })
		if at < 0 {
			return passes.Pass{}, parking.Errorf(parking.Invalid, "Choose the vehicle that the other takes the place of.")
		}
		plates[at] = string(plate)
		now.Plates = strings.Join(plates, ",")
	default:
		return passes.Pass{}, parking.Errorf(parking.Invalid, "Something in this form is missing.")
	}
	return now.pass()
}

// Sentence is a sentence in the reader's language.
func (f frame) Sentence(s string) string { return words.Sentence(f.Lang, s) }
