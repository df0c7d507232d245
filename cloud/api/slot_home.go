package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// slotHome makes gate the home of a slot, once the old home has agreed: the
// answer is the slot as it is until then.
func (a *API) slotHome(w http.ResponseWriter, r *http.Request, gate string) error {
	p, code := caller(r), chi.URLParam(r, "code")
	if err := parking.ValidCode("slot", code); err != nil {
		return err
	}
	if err := parking.ValidCode("gate", gate); err != nil {
		return err
	}
	var out []parking.Slot
	err := a.Store.SiteTx(r.Context(), p.Site, func(t *store.SiteTx) error {
		var err error
		if out, err = store.Slots(r.Context(), t.Q, p.Site, code); err != nil {
			return err
		}
		if len(out) == 0 {
			return parking.Errorf(parking.NotFound, "This site has no slot %s.", code)
		}
		if err := a.Slots.ChangeHome(r.Context(), t, code, gate); err != nil {
			return err
		}
		return a.Auth.Audit(r.Context(), t.Q, p, auth.Entry{
			Action: "slot.home", Subject: code,
			Before: map[string]any{"home_gate": out[0].Home}, After: map[string]any{"home_gate": gate},
		})
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out[0])
}
