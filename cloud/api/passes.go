package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/books"
	"gatehouse/cloud/passes"
	"gatehouse/parking"
)

// PassAnswer is a pass as it is now; Seen goes back with a change of it.
type PassAnswer struct {
	passes.Pass
	State  parking.PassState `json:"state"`
	Inside int               `json:"inside"`
}

func passAnswer(site books.Site, p *books.Pass, state parking.PassState) PassAnswer {
	from, until := passes.Days(&p.PassVersion, site.Zone)
	a := PassAnswer{State: state, Inside: p.Inside, Pass: passes.Pass{
		Code: p.PassVersion.Pass, Class: p.Class, Zone: p.Zone, Places: p.Places, From: from, Until: until, Suspended: p.Suspended,
		Holder: passes.Holder{Name: p.Name, Phone: p.Phone, Note: p.Note}, Seen: p.Seen,
	}}
	for _, plate := range p.Plates {
		a.Plates = append(a.Plates, string(plate))
	}
	return a
}

// passes answers ?after=CODE&plate=…, a page by code.
func (a *API) passes(w http.ResponseWriter, r *http.Request) error {
	site, err := a.Books.Site(r.Context(), caller(r).Site)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	var f books.PassFilter
	if text := q.Get("plate"); text != "" {
		if f.Plate, err = parking.ParsePlate(text); err != nil {
			return err
		}
	}
	rows, next, err := a.Books.Passes(r.Context(), site.ID, a.Now(), f, q.Get("after"))
	if err != nil {
		return err
	}
	out := make([]PassAnswer, 0, len(rows))
	for i := range rows {
		out = append(out, passAnswer(site, &rows[i], rows[i].State(a.Now())))
	}
	return answer(w, http.StatusOK, map[string]any{"passes": out, "next": next})
}

func (a *API) pass(w http.ResponseWriter, r *http.Request) error {
	site, err := a.Books.Site(r.Context(), caller(r).Site)
	if err != nil {
		return err
	}
	p, err := a.Books.Pass(r.Context(), site.ID, a.Now(), chi.URLParam(r, "code"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, passAnswer(site, &p, p.State(a.Now())))
}

// passPut writes a pass as it shall be from now on. The same sent again changes
// nothing more.
func (a *API) passPut(w http.ResponseWriter, r *http.Request) error {
	in, err := read[passes.Pass](w, r)
	if err != nil {
		return err
	}
	code := chi.URLParam(r, "code")
	if in.Code != "" && in.Code != code {
		return parking.Errorf(parking.Invalid, "The body names the pass %q, the address %q.", in.Code, code)
	}
	in.Code = code
	if err := a.Passes.PutPass(r.Context(), caller(r), *in); err != nil {
		return err
	}
	return a.pass(w, r)
}

// cards answers ?after=NUMBER&state=…, a page by number, and how many there are
// in each state.
func (a *API) cards(w http.ResponseWriter, r *http.Request) error {
	q, site := r.URL.Query(), caller(r).Site
	state := q.Get("state")
	if state != "" && !slices.Contains(passes.CardStates(), state) {
		return parking.Errorf(parking.Invalid, "A card is one of %s.", strings.Join(passes.CardStates(), ", "))
	}
	rows, next, err := a.Books.Cards(r.Context(), site, state, q.Get("after"))
	if err != nil {
		return err
	}
	counts, err := a.Books.CardCounts(r.Context(), site)
	if err != nil {
		return err
	}
	if rows == nil {
		rows = []books.Card{}
	}
	return answer(w, http.StatusOK, map[string]any{"cards": rows, "counts": counts, "next": next})
}

// CardRequest says what a card is from now on.
type CardRequest struct {
	Number string `json:"number"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

func (a *API) cardPut(w http.ResponseWriter, r *http.Request) error {
	in, err := read[CardRequest](w, r)
	if err != nil {
		return err
	}
	if err := a.Passes.SetCard(r.Context(), caller(r), in.Number, in.State, in.Reason); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// vehicles answers ?plate=…&after=…: the vehicles whose plate begins so, or
// without a plate those that are listed.
func (a *API) vehicles(w http.ResponseWriter, r *http.Request) error {
	rows, next, err := a.vehicleRows(r, r.URL.Query())
	if err != nil {
		return err
	}
	if rows == nil {
		rows = []books.Vehicle{}
	}
	return answer(w, http.StatusOK, map[string]any{"vehicles": rows, "next": next})
}

func (a *API) vehicleRows(r *http.Request, q url.Values) ([]books.Vehicle, string, error) {
	if q.Get("plate") == "" {
		return a.Books.Listed(r.Context(), caller(r).Site, q.Get("after"))
	}
	plate, err := parking.ParsePlate(q.Get("plate"))
	if err != nil {
		return nil, "", err
	}
	return a.Books.Vehicles(r.Context(), caller(r).Site, plate, q.Get("after"))
}

// vehiclePut writes what guards shall know of a plate from now on.
func (a *API) vehiclePut(w http.ResponseWriter, r *http.Request) error {
	in, err := read[passes.Listed](w, r)
	if err != nil {
		return err
	}
	if err := a.Passes.List(r.Context(), caller(r), *in); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// imports takes a file (text/csv) of passes, cards or vehicles. The same file
// sent again changes nothing more.
func (a *API) imports(w http.ResponseWriter, r *http.Request) error {
	if err := contentType(r, "text/csv"); err != nil {
		return err
	}
	file, err := bounded(w, r, passes.MaxFile)
	if err != nil {
		return err
	}
	out, err := a.Passes.Import(r.Context(), caller(r), chi.URLParam(r, "what"), file)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}
