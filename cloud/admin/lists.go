package admin

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/passes"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// listFrame is what the pages of passes, cards and vehicles have in common: the
// tabs between them, what became of the last act, and the form for a file.
type listFrame struct {
	frame
	What  string // passes, cards, vehicles: which page it is
	Tabs  []tab
	Done  string // what was done, "" for nothing
	Wrong string // why it was not
	Bad   []passes.BadRow
	More  int // further bad rows
	Next  string
}

// listWhats are the pages, in the order of their tabs.
var listWhats = []string{"passes", "cards", "vehicles"}

func (p *Pages) listFrame(r *http.Request, what string) (listFrame, error) {
	f, err := p.siteFrame(r, "stays")
	if err != nil {
		return listFrame{}, err
	}
	f.Title = f.T("page." + what)
	l := listFrame{frame: f, What: what}
	if r.Method != http.MethodGet {
		l.Here = "/" + what
	}
	for _, w := range listWhats {
		l.Tabs = append(l.Tabs, tab{Text: f.T("page." + w), Link: "/" + w, Here: w == what})
	}
	switch q := r.URL.Query(); {
	case q.Get("done") != "":
		l.Done = f.T("lists.done")
	case q.Get("imported") != "":
		l.Done = f.T("lists.imported", q.Get("imported"), q.Get("same"))
	}
	return l, nil
}

// refuse puts why an act was not done on the page, and says with which status;
// false when that is nothing that a person can put right there.
func (l *listFrame) refuse(err error) (status int, told bool) {
	l.Done = ""
	var bad *passes.BadFile
	if errors.As(err, &bad) {
		l.Wrong, l.More = l.T("lists.bad", l.Num(len(bad.Rows)+bad.More)), bad.More
		for _, row := range bad.Rows {
			l.Bad = append(l.Bad, passes.BadRow{Line: row.Line, Why: words.Sentence(l.Lang, row.Why)})
		}
		return http.StatusUnprocessableEntity, true
	}
	l.Wrong = words.Sentence(l.Lang, parking.ErrorMessage(err))
	switch parking.ErrorCode(err) {
	case parking.Invalid, parking.TooLarge:
		return http.StatusUnprocessableEntity, true
	case parking.Conflict:
		return http.StatusConflict, true
	}
	return 0, false
}

// imports takes a file of passes, cards or vehicles.
func (p *Pages) imports(w http.ResponseWriter, r *http.Request) {
	what := chi.URLParam(r, "what")
	f, err := p.siteFrame(r, "stays")
	if err == nil && !slices.Contains(listWhats, what) {
		err = errNoPage
	}
	var file []byte
	if err == nil {
		file, err = upload(w, r)
	}
	if err != nil && parking.ErrorCode(err) != parking.Invalid {
		p.fail(w, r, err)
		return
	}
	var out passes.Imported
	if err == nil {
		out, err = p.Passes.Import(r.Context(), f.Me, what, file)
	}
	if err != nil {
		map[string]func(http.ResponseWriter, *http.Request, error){
			"passes": p.showPasses, "cards": p.showCards, "vehicles": p.showVehicles,
		}[what](w, r, err)
		return
	}
	to := "/" + what + "?imported=" + f.Num(out.Written) + "&same=" + f.Num(out.Same)
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // what is one of listWhats
}

// upload reads the one file of a form.
func upload(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, passes.MaxFile+64<<10)
	defer func() {
		if r.MultipartForm != nil {
			_ = r.MultipartForm.RemoveAll() // nothing lies on disk: the bound is below what is kept there
		}
	}()
	file, _, err := r.FormFile("file")
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, parking.Errorf(parking.Invalid, "The file is too large. Split it.")
	case err != nil:
		return nil, parking.Errorf(parking.Invalid, "Choose a file.")
	}
	defer file.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(file, passes.MaxFile+1))
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The file broke off before its end.")
	}
	return b, nil
}
