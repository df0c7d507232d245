package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"gatehouse/cloud/auth"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func (a *API) login(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.LoginRequest](w, r)
	if err != nil {
		return err
	}
	token, p, expires, err := a.Auth.Login(r.Context(), req.Site, req.Name, req.Password, auth.APIToken)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, wire.TokenAnswer{Token: token, Expires: expires, Role: p.Role, Display: p.Display})
}

func (a *API) logout(w http.ResponseWriter, r *http.Request) error {
	if err := a.Auth.SignOut(r.Context(), caller(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) me(w http.ResponseWriter, r *http.Request) error {
	p := caller(r)
	return answer(w, http.StatusOK, map[string]any{
		"kind": p.Kind, "site": p.Site, "site_code": p.SiteCode, "name": p.Name, "display": p.Display,
		"role": p.Role, "gate": p.Gate, "language": p.Language, "expires": p.Expires,
	})
}

func (a *API) signIn(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.SignInRequest](w, r)
	if err != nil {
		return err
	}
	out, err := a.Auth.SignIn(r.Context(), caller(r), req.Name, req.Password)
	if parking.ErrorCode(err) == parking.Unauthorized {
		// 401 would say that the gate's own token is not good.
		err = parking.Errorf(parking.Forbidden, "%s", parking.ErrorMessage(err))
	}
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}

func (a *API) enrol(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.EnrolRequest](w, r)
	if err != nil {
		return err
	}
	out, err := a.Auth.Enrol(r.Context(), *req)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}

func (a *API) challenge(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.ChallengeRequest](w, r)
	if err != nil {
		return err
	}
	out, err := a.Auth.Challenge(r.Context(), *req)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}

func (a *API) token(w http.ResponseWriter, r *http.Request) error {
	req, err := read[wire.TokenRequest](w, r)
	if err != nil {
		return err
	}
	out, err := a.Auth.GateToken(r.Context(), *req)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out)
}

func (a *API) gateCode(w http.ResponseWriter, r *http.Request) error {
	code, until, err := a.Auth.NewGateCode(r.Context(), caller(r), chi.URLParam(r, "gate"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]any{"code": code, "expires": until})
}

func (a *API) gateRevoke(w http.ResponseWriter, r *http.Request) error {
	if err := a.Auth.RevokeGate(r.Context(), caller(r), chi.URLParam(r, "gate")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// GateAnswer is one gate as programs see it.
type GateAnswer struct {
	Code     string  `json:"code"`
	Name     string  `json:"name"`
	X        float64 `json:"x"`
	Y        float64 `json:"y"`
	Enrolled bool    `json:"enrolled"`
	Revoked  bool    `json:"revoked"`
	SeenAt   *string `json:"seen_at"` // RFC 3339, null: never
	RTTMS    *int32  `json:"rtt_ms"`
	Queue    int64   `json:"queue"` // facts that wait at the gate
	Version  string  `json:"version"`
}

func (a *API) gates(w http.ResponseWriter, r *http.Request) error {
	rows, err := a.Store.Q.Gates(r.Context(), caller(r).Site)
	if err != nil {
		return err
	}
	out := make([]GateAnswer, 0, len(rows))
	for _, g := range rows {
		n := GateAnswer{
			Code: g.Code, Name: g.Name, X: g.X, Y: g.Y, Enrolled: g.PublicKey != nil, Revoked: g.RevokedAt != nil,
			RTTMS: g.RttMs, Queue: g.Queue, Version: g.Version,
		}
		if g.SeenAt != nil {
			at := g.SeenAt.UTC().Format("2006-01-02T15:04:05Z")
			n.SeenAt = &at
		}
		out = append(out, n)
	}
	return answer(w, http.StatusOK, map[string]any{"gates": out})
}
