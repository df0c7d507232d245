package admin

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type stayView struct {
	frame
	Stay     books.Stay
	Photos   []photoView
	Timeline []moment
	Length   string
	Place    string
	Unplaced bool
	Asked    []photoView // VietQRs that may still be paid
}

// photoView is a photo, or in its place why there is none.
type photoView struct {
	Src, Alt, Caption, Why string
}

// moment is a fact on the time line.
type moment struct {
	At, Text, Where, Late string
}

// stay shows one stay: as a page, or for htmx as a sheet beside the list.
func (p *Pages) stay(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		p.fail(w, r, errNoPage)
		return
	}
	stay, err := p.Books.Stay(r.Context(), f.Site, id)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := newStayView(f, stay)
	block := ""
	if r.Header.Get("HX-Request") == "true" {
		block = "stay_sheet"
	}
	p.show(w, r, http.StatusOK, "stay", block, v)
}

func newStayView(f frame, s books.Stay) stayView {
	v := stayView{frame: f, Stay: s, Place: s.Slot}
	v.Title = v.PlateOf(s.Display) + " · " + v.T("page.stay")
	if v.Place == "" {
		v.Place = s.Zone
	}
	v.Unplaced = s.State == parking.Inside && s.Slot != "" && !s.Placed
	switch {
	case s.InAt != nil && s.OutAt != nil:
		v.Length = words.Duration(f.Lang, s.OutAt.Sub(*s.InAt))
	case s.InAt != nil && s.State == parking.Inside:
		v.Length = v.T("stay.so_far", words.Duration(f.Lang, f.At.Sub(*s.InAt)))
	}
	v.photos("stay.photo_in", s.InPhotos, v.T("stay.photo_none"))
	why := v.T("stay.photo_none")
	if s.State == parking.Inside {
		why = v.T("stay.photo_not_out")
	}
	v.photos("stay.photo_out", s.OutPhotos, why)
	v.asked()
	for _, fact := range s.Facts {
		v.Timeline = append(v.Timeline, v.moment(fact))
	}
	return v
}

// photos shows the photos of IN or OUT side by side, or says why there is none.
func (v *stayView) photos(key string, refs []parking.PhotoRef, none string) {
	title := v.T(key)
	if len(refs) == 0 {
		v.Photos = append(v.Photos, photoView{Caption: title, Why: none})
	}
	for _, ref := range refs {
		caption := title
		if role := "stay.role." + ref.Role; words.Has(role) {
			caption += " · " + v.T(role)
		}
		p := photoView{Caption: caption, Alt: v.T("stay.photo_alt", caption, v.PlateOf(v.Stay.Display)), Why: v.T("stay.photo_waits")}
		if v.Stay.Held[ref.SHA256] {
			p.Src = "/photos/" + ref.SHA256
		}
		v.Photos = append(v.Photos, p)
	}
}

// lateAfter is how late the cloud may know of a fact before the page says so.
const lateAfter = time.Minute

func (v *stayView) moment(f books.Fact) moment {
	m := moment{At: v.When(f.At), Text: v.Told(f), Where: v.T("fact.where", f.Gate)}
	if f.Actor != "" {
		m.Where += " · " + v.Person(f.Actor)
	}
	if late := f.Late(); late > lateAfter {
		m.Late = v.T("stay.late", words.Duration(v.Lang, late))
	}
	return m
}

// Person is how the page calls who did something.
func (v stayView) Person(actor string) string { return v.person(v.Stay.Names, actor) }

// Line is why a line of the fee is there.
func (v stayView) Line(l parking.Line) string {
	if v.Lang == words.Vi {
		return l.Text.Vi
	}
	return l.Text.En
}

// ConflictState says where a conflict stands.
func (v stayView) ConflictState(state string) string { return v.T("conflict." + state) }
