package api

import (
	"net/http"

	"gatehouse/internal/wire"
)

// lists gives a gate what was written of passes, cards, the block list and
// messages after ?after=MARK, a page of it.
func (a *API) lists(w http.ResponseWriter, r *http.Request) error {
	after, err := wire.ParseListMark(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	page, err := a.Store.Lists(r.Context(), caller(r).Site, after, a.Now())
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, page)
}
