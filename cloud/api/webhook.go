package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/bank"
)

// webhook takes a bank's notice. It is verified over its raw body, kept, and
// answered before anything is settled.
func (a *API) webhook(w http.ResponseWriter, r *http.Request) error {
	body, err := bounded(w, r, bank.MaxBody)
	if err != nil {
		return err
	}
	if err := a.Bank.Take(r.Context(), chi.URLParam(r, "provider"), r.Header, body); err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]bool{"success": true})
}
