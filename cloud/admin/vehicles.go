package admin

import (
	"net/http"
	"net/url"
	"strings"

	"gatehouse/cloud/books"
	"gatehouse/cloud/passes"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type vehiclesView struct {
	listFrame
	Find  string
	Rows  []books.Vehicle
	Typed passes.Listed
}

// ListedPill is what the block list says of a vehicle.
func (f frame) ListedPill(v books.Vehicle) pill {
	switch {
	case v.Blocked:
		return pill{look.Trouble, "!", f.T("vehicles.blocked")}
	case v.Note != "":
		return pill{look.Mine, "◆", f.T("vehicles.noted")}
	}
	return pill{look.Out, "○", f.T("vehicles.not_listed")}
}

// vehicles lists the plates that are blocked or have a note, or finds vehicles.
func (p *Pages) vehicles(w http.ResponseWriter, r *http.Request) { p.showVehicles(w, r, nil) }

func (p *Pages) showVehicles(w http.ResponseWriter, r *http.Request, refused error) {
	l, err := p.listFrame(r, "vehicles")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	q := r.URL.Query()
	v := vehiclesView{listFrame: l, Find: strings.TrimSpace(q.Get("plate")), Typed: passes.Listed{
		Plate: q.Get("list"), Blocked: true,
	}}
	status := http.StatusOK
	if refused != nil {
		v.Typed = passes.Listed{Plate: r.PostForm.Get("plate"), Note: r.PostForm.Get("note"), Blocked: r.PostForm.Get("blocked") != ""}
		var told bool
		if status, told = v.refuse(refused); !told {
			p.fail(w, r, refused)
			return
		}
	}
	if err := p.fillVehicles(r, &v); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, "vehicles", "", v)
}

func (p *Pages) fillVehicles(r *http.Request, v *vehiclesView) (err error) {
	after, next := r.URL.Query().Get("after"), ""
	if v.Find == "" {
		v.Rows, next, err = p.Books.Listed(r.Context(), v.Site.ID, after)
	} else {
		var plate parking.Plate
		if plate, err = parking.ParsePlate(v.Find); err != nil {
			v.Wrong = words.Sentence(v.Lang, parking.ErrorMessage(err))
			return nil
		}
		v.Rows, next, err = p.Books.Vehicles(r.Context(), v.Site.ID, plate, after)
	}
	if next != "" {
		v.Next = "/vehicles?" + url.Values{"plate": {v.Find}, "after": {next}}.Encode()
	}
	return err
}

// vehicleSubmit writes what guards shall know of a plate from now on.
func (p *Pages) vehicleSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	q := r.PostForm
	l := passes.Listed{Plate: q.Get("plate"), Blocked: q.Get("blocked") != "", Note: q.Get("note")}
	if err := p.Passes.List(r.Context(), f.Me, l); err != nil {
		p.showVehicles(w, r, err)
		return
	}
	http.Redirect(w, r, "/vehicles?done=1", http.StatusSeeOther)
}
