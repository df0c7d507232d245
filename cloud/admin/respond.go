package admin

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5/middleware"

	"gatehouse/cloud/auth"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

var errNoPage = parking.Errorf(parking.NotFound, "There is no such page.")

// show answers with a page.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name, block string, view any) {
	body, err := p.engine.render(name, block, view)
	if err != nil {
		p.Log.ErrorContext(r.Context(), "page failed", "error", err, "page", name, "request_id", middleware.GetReqID(r.Context()))
		http.Error(w, words.T(language(r), "error.internal"), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Vary", "HX-Request, Cookie")
	w.WriteHeader(status)
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(body)
}

// fail answers with a page that says in one sentence what happened and what to
// do; what is our defect is logged with the number that the page shows.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	err = auth.Told(err)
	status := auth.StatusOf(err)
	view := errorView{frame: p.bareFrame(r)}
	view.Sentence = view.T(sentenceOf(err))
	if status >= http.StatusInternalServerError {
		if r.Context().Err() != nil {
			return // the browser has gone, which is no defect
		}
		view.ID = middleware.GetReqID(r.Context())
		p.Log.ErrorContext(r.Context(), "page failed", "error", err, "path", r.URL.Path, "request_id", view.ID)
	}
	view.Title = view.T("error.title")
	p.show(w, r, status, "error", "", view)
}

// sentenceOf names the words that tell err.
func sentenceOf(err error) string {
	if auth.DatabaseAway(err) {
		return "error.database"
	}
	if key := "error." + string(parking.ErrorCode(err)); words.Has(key) {
		return key
	}
	return "error.internal"
}

type errorView struct {
	frame
	Sentence string
	ID       string
}

// crossOrigin answers a POST that another site has sent.
func (p *Pages) crossOrigin(w http.ResponseWriter, r *http.Request) {
	view := errorView{frame: p.bareFrame(r)}
	view.Title, view.Sentence = view.T("error.title"), view.T("error.cross_origin")
	p.show(w, r, http.StatusForbidden, "error", "", view)
}

// local is where a form may lead back to: a path of this site and nothing else.
func local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

// maxForm bounds the body of a form.
const maxForm = 16 << 10

// form reads a posted form of bounded size.
func form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return parking.Errorf(parking.Invalid, "The form cannot be read.")
	}
	for _, values := range r.PostForm {
		for _, text := range values {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) { // which no column can hold
				return parking.Errorf(parking.Invalid, "The form holds a character that cannot be read.")
			}
		}
	}
	return nil
}
