package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// maxAnswer bounds an answer of the gate, in bytes.
const maxAnswer = 4 << 20

// gateAPI is a client of a gate's local HTTP API.
type gateAPI struct {
	base  string
	token string
	http  *http.Client
}

// newGateAPI makes a client for the gate at base, whose token stands in a
// file.
func newGateAPI(base, tokenFile string) (*gateAPI, error) {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, fmt.Errorf("read the gate's local token: %w", err)
	}
	return &gateAPI{
		base:  strings.TrimSuffix(base, "/"),
		token: strings.TrimSpace(string(token)),
		http:  &http.Client{Timeout: 10 * time.Second},
	}, nil
}

// laneState is what drivers look at in a lane.
type laneState struct {
	Lane    parking.Lane `json:"lane"`
	Subject *struct {
		ID      string        `json:"id"`
		Stage   string        `json:"stage"`
		Plate   parking.Plate `json:"plate"`
		QR      string        `json:"qr"` // while a transfer is waited for
		Reading struct {
			Status string `json:"status"`
		} `json:"reading"`
	} `json:"subject"`
}

// arrival is a vehicle that rolls into a lane.
type arrival struct {
	Plate parking.Plate `json:"plate"`
	Class parking.Class `json:"class"`
	Token string        `json:"token,omitempty"`
}

func (a *gateAPI) lanes(ctx context.Context) ([]laneState, error) {
	var answer []laneState
	err := a.call(ctx, http.MethodGet, "/v1/lanes", nil, &answer)
	return answer, err
}

func (a *gateAPI) lane(ctx context.Context, code string) (laneState, error) {
	var answer laneState
	err := a.call(ctx, http.MethodGet, "/v1/lanes/"+url.PathEscape(code), nil, &answer)
	return answer, err
}

func (a *gateAPI) arrive(ctx context.Context, lane string, v arrival) error {
	return a.call(ctx, http.MethodPost, "/v1/lanes/"+url.PathEscape(lane)+"/arrive", v, nil)
}

// passage is the stay after an act that lets its vehicle through, and whether
// the barrier opened.
type passage struct {
	parking.Stay
	Opened bool   `json:"opened"`
	Why    string `json:"why"` // a sentence when it did not
}

// in lets the vehicle at a lane in, as its guard would.
func (a *gateAPI) in(ctx context.Context, lane string, v arrival) (passage, error) {
	body := map[string]any{"lane": lane, "plate": v.Plate, "class": v.Class}
	if v.Token != "" {
		body["token"] = v.Token
	}
	var done passage
	err := a.call(ctx, http.MethodPost, "/v1/in", body, &done)
	return done, err
}

// out takes what is due in cash and lets the vehicle out.
func (a *gateAPI) out(ctx context.Context, lane string, stay parking.Stay) (passage, error) {
	body := map[string]any{"lane": lane, "stay": stay.ID, "method": parking.Cash}
	if stay.Token != "" {
		body["token"] = stay.Token
	}
	var done passage
	err := a.call(ctx, http.MethodPost, "/v1/out", body, &done)
	return done, err
}

// gateStatus is what a simulation asks a gate about itself.
type gateStatus struct {
	Inside int `json:"inside"`
	Guard  *struct {
		Name string `json:"name"`
	} `json:"guard"` // nil: nobody has signed in
	Link struct {
		State string `json:"state"`
		Queue int64  `json:"queue"`
	} `json:"link"`
}

func (a *gateAPI) status(ctx context.Context) (gateStatus, error) {
	var answer gateStatus
	err := a.call(ctx, http.MethodGet, "/v1/status", nil, &answer)
	return answer, err
}

// inRequest and outRequest carry an id: sent again, also after the gate was
// killed, they have no second effect.
type inRequest struct {
	ID    uuid.UUID     `json:"id"`
	Lane  string        `json:"lane"`
	Plate parking.Plate `json:"plate"`
	Class parking.Class `json:"class"`
	Token string        `json:"token,omitempty"`
	Actor string        `json:"actor,omitempty"`
}

type outRequest struct {
	ID        uuid.UUID      `json:"id"`
	Lane      string         `json:"lane"`
	Stay      uuid.UUID      `json:"stay"`
	Token     string         `json:"token,omitempty"`
	Method    parking.Method `json:"method"`
	Tendered  parking.Money  `json:"tendered,omitempty"`
	PayerBank string         `json:"payer_bank,omitempty"`
	PaidAt    *time.Time     `json:"paid_at,omitempty"`
	Actor     string         `json:"actor,omitempty"`
}

type outAnswer struct {
	passage
	Change parking.Money `json:"change"`
	Paying bool          `json:"paying"`
	QR     string        `json:"qr"`
}

func (a *gateAPI) enter(ctx context.Context, r inRequest) (passage, error) {
	var done passage
	err := a.call(ctx, http.MethodPost, "/v1/in", r, &done)
	return done, err
}

func (a *gateAPI) exit(ctx context.Context, r outRequest) (outAnswer, error) {
	var done outAnswer
	err := a.call(ctx, http.MethodPost, "/v1/out", r, &done)
	return done, err
}

// fee is what a stay would have to pay now.
func (a *gateAPI) fee(ctx context.Context, stay uuid.UUID) (parking.Money, error) {
	var answer struct {
		Quote struct {
			Due parking.Money `json:"due"`
		} `json:"quote"`
	}
	err := a.call(ctx, http.MethodPost, "/v1/fee", map[string]any{"stay": stay}, &answer)
	return answer.Quote.Due, err
}

// inside lists the stays inside, as the gate knows them.
func (a *gateAPI) inside(ctx context.Context) ([]parking.Stay, error) {
	var answer []parking.Stay
	err := a.call(ctx, http.MethodGet, "/v1/stays?query=", nil, &answer)
	return answer, err
}

// call makes one request; a refusal becomes an error with the gate's own
// sentence.
func (a *gateAPI) call(ctx context.Context, method, path string, body, answer any) (err error) {
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode a request to the gate: %w", err)
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, payload)
	if err != nil {
		return fmt.Errorf("make a request to the gate: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := a.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the gate: %w", err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the gate's answer: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		var problem wire.Problem
		if json.Unmarshal(raw, &problem) != nil || problem.Detail == "" {
			return fmt.Errorf("the gate answered %s to %s %s", res.Status, method, path)
		}
		return &refusal{status: res.StatusCode, detail: problem.Detail}
	}
	if answer == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("understand the gate's answer to %s %s: %w", method, path, err)
	}
	return nil
}

// refusal is the gate's no, with its sentence.
type refusal struct {
	status int
	detail string
}

func (r *refusal) Error() string { return r.detail }
