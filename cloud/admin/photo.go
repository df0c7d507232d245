package admin

import (
	"net/http"
	"regexp"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/auth"
)

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// photo serves a photo of the reader's site. Its name is the hash of what is
// in it, so that it may be kept, but only by this browser.
func (p *Pages) photo(w http.ResponseWriter, r *http.Request) {
	me, ok := auth.FromContext(r.Context())
	sum := chi.URLParam(r, "sha256")
	if !ok || !sha256Hex.MatchString(sum) {
		p.fail(w, r, errNoPage)
		return
	}
	photo, err := p.Photo(me.Site, sum)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	defer func() {
		if err := photo.Close(); err != nil {
			p.Log.WarnContext(r.Context(), "close a photo", "error", err)
		}
	}()
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", "private, max-age=86400, immutable")
	http.ServeContent(w, r, "", time.Time{}, photo)
}
