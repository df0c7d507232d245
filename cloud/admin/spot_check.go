package admin

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/settle"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type spotView struct {
	frame
	dates
	Spots       []spotRow
	Done, All   string
	Wrongs      string
	Shown       bool // a stay is looked at
	Stay        stayView
	InPhotos    []photoView
	OutPhotos   []photoView
	Why, InLine string
	OutLine     string
	Verdict     string
	Verdicts    []verdictView
	LeakLink    string
	AnswerTo    string
	Complaint   string
	NothingLeft bool
	Cut         bool // there are more than one page lists
	NoSpots     bool
}

type verdictView struct {
	Value, Text, Key string
	Class            string
	Chosen           bool
}

type spotRow struct {
	Plate, Why, When, Link string
	Verdict                pill
	Here                   bool
}

var verdictLooks = map[string]pill{
	"":        {look.Reserved, "▨", ""},
	"right":   {look.Free, "✓", ""},
	"wrong":   {look.Trouble, "!", ""},
	"unclear": {look.Unplaced, "?", ""},
}

// spotCheck shows the pictures of one stay after the other.
func (p *Pages) spotCheck(w http.ResponseWriter, r *http.Request) {
	p.showSpot(w, r, http.StatusOK, r.URL.Query(), "")
}

func (p *Pages) showSpot(w http.ResponseWriter, r *http.Request, status int, q url.Values, complaint string) {
	f, err := p.siteFrame(r, "revenue")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := spotView{frame: f, Complaint: complaint}
	v.Title, v.frame.Here = f.T("page.spot_check"), "/spot-check"
	period, err := v.read(f, "/spot-check", q)
	if err == nil && period.Days() > books.MaxLeakageDays {
		err = parking.Errorf(parking.Invalid, "The period is too long.")
	}
	if err != nil {
		v.Wrong = v.T("leakage.bad_dates", books.MaxLeakageDays)
		p.show(w, r, http.StatusBadRequest, "spot_check", "", v)
		return
	}
	v.frame.Here, v.LeakLink = v.link("/spot-check", nil), v.link("/leakage", nil)
	spots, err := p.Books.Spots(r.Context(), f.Site, period)
	if err == nil {
		err = v.fill(r, p, spots, q.Get("stay"))
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, "spot_check", "", v)
}

// fill shows the stay that was asked for, or the first that nobody has judged.
func (v *spotView) fill(r *http.Request, p *Pages, spots []books.Spot, asked string) error {
	here, done, wrong := -1, 0, 0
	for i := range spots {
		s := &spots[i]
		if s.Verdict != "" {
			done++
		}
		if s.Verdict == "wrong" {
			wrong++
		}
		if s.Stay.String() == asked || asked == "" && here < 0 && s.Verdict == "" {
			here = i
		}
	}
	v.Done, v.All, v.Wrongs = v.Num(done), v.Num(len(spots)), v.Num(wrong)
	v.Cut = len(spots) == books.MaxSpots
	v.NoSpots, v.NothingLeft = len(spots) == 0, here < 0 && len(spots) > 0
	for i := range spots {
		s := &spots[i]
		row := spotRow{
			Plate: v.PlateOf(s.Display), Why: v.why(s.Why), Link: v.link("/spot-check", url.Values{"stay": {s.Stay.String()}}),
			Verdict: verdictLooks[s.Verdict], Here: i == here,
		}
		row.Verdict.Text = v.T("spot.verdict." + s.Verdict)
		if s.Out != nil {
			row.When = v.When(*s.Out)
		} else if s.In != nil {
			row.When = v.When(*s.In)
		}
		v.Spots = append(v.Spots, row)
	}
	if here < 0 {
		return nil
	}
	return v.compare(r, p, &spots[here])
}

func (v *spotView) why(all []string) string {
	var out []string
	for _, why := range all {
		out = append(out, v.T("spot.why."+why))
	}
	return strings.Join(out, " · ")
}

// compare puts the pictures of IN and OUT beside each other.
func (v *spotView) compare(r *http.Request, p *Pages, s *books.Spot) error {
	stay, err := p.Books.Stay(r.Context(), v.Site, s.Stay)
	if err != nil {
		return err
	}
	v.Shown, v.Why, v.Verdict = true, v.why(s.Why), s.Verdict
	v.Stay = newStayView(v.frame, stay)
	in, out := v.Stay, v.Stay
	in.Photos, out.Photos = nil, nil
	in.photos("stay.photo_in", stay.InPhotos, v.T("stay.photo_none"))
	none := v.T("stay.photo_none")
	if stay.State == parking.Inside {
		none = v.T("stay.photo_not_out")
	}
	out.photos("stay.photo_out", stay.OutPhotos, none)
	v.InPhotos, v.OutPhotos = in.Photos, out.Photos
	v.InLine, v.OutLine = v.T("stay.in_unknown"), v.T("stay.inside")
	if stay.InAt != nil {
		v.InLine = v.T("stay.by", v.Full(*stay.InAt), stay.InGate, stay.InLane, v.Stay.Person(stay.InBy))
	}
	if stay.OutAt != nil {
		v.OutLine = v.T("stay.by", v.Full(*stay.OutAt), stay.OutGate, stay.OutLane, v.Stay.Person(stay.OutBy))
	}
	v.AnswerTo = "/spot-check/" + s.Stay.String()
	classes := map[string]string{"right": "do", "wrong": "destroy", "unclear": "button"}
	for i, verdict := range settle.Verdicts() {
		v.Verdicts = append(v.Verdicts, verdictView{
			Value: verdict, Text: v.T("spot.say." + verdict), Key: string(rune('1' + i)), Class: classes[verdict], Chosen: verdict == s.Verdict,
		})
	}
	return nil
}

// spotSubmit keeps what somebody saw, and goes on to the next.
func (p *Pages) spotSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	if err == nil {
		err = form(w, r)
	}
	stay, idErr := uuid.Parse(chi.URLParam(r, "id"))
	if err == nil && idErr != nil {
		err = errNoPage
	}
	if err == nil {
		err = p.Settle.CheckSpot(r.Context(), f.Me, stay, r.PostForm.Get("verdict"))
	}
	back := url.Values{"from": {r.PostForm.Get("from")}, "to": {r.PostForm.Get("to")}}
	switch parking.ErrorCode(err) {
	case "":
		http.Redirect(w, r, "/spot-check?"+back.Encode(), http.StatusSeeOther)
	case parking.Invalid:
		back.Set("stay", stay.String())
		p.showSpot(w, r, http.StatusUnprocessableEntity, back, words.Sentence(f.Lang, parking.ErrorMessage(err)))
	default:
		p.fail(w, r, err)
	}
}
