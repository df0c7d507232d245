package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// SlotPatch changes a slot.
type SlotPatch struct {
	OutOfService *bool `json:"out_of_service"`
}

func (a *API) slotPatch(w http.ResponseWriter, r *http.Request) error {
	req, err := read[SlotPatch](w, r)
	if err != nil {
		return err
	}
	if req.OutOfService == nil {
		return parking.Errorf(parking.Invalid, "Say out_of_service: true or false.")
	}
	p, code := caller(r), chi.URLParam(r, "code")
	if err := parking.ValidCode("slot", code); err != nil {
		return err
	}
	at := a.Now().UTC()
	_, err = a.Ingest.Write(r.Context(), p.Site, p.Name, at, func(ctx context.Context, t *store.SiteTx) ([]ingest.Act, error) {
		rows, err := t.Q.SlotsNow(ctx, cloudsql.SlotsNowParams{SiteID: p.Site, Codes: []string{code}})
		if err != nil {
			return nil, fmt.Errorf("read a slot: %w", err)
		}
		if len(rows) == 0 {
			return nil, parking.Errorf(parking.NotFound, "This site has no slot %s.", code)
		}
		if rows[0].OutOfService == *req.OutOfService {
			return nil, nil // as it was
		}
		err = a.Auth.Audit(ctx, t.Q, p, auth.Entry{
			Action: "slot.out_of_service", Subject: code,
			Before: map[string]any{"out_of_service": !*req.OutOfService}, After: map[string]any{"out_of_service": *req.OutOfService},
		})
		return []ingest.Act{{
			Kind: parking.KindSlot, Body: parking.SlotVersion{Slot: code, OutOfService: *req.OutOfService, From: parking.BusinessTime(at)},
		}}, err
	})
	if err != nil {
		return err
	}
	out, err := store.Slots(r.Context(), a.Store.Q, p.Site, code)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, out[0])
}

// Bounds of a page of stays.
const (
	staysPage    = 50
	staysPageMax = 200
)

// StaysAnswer is one page of stays, newest first. Next goes on after it, ""
// at the end.
type StaysAnswer struct {
	Stays []json.RawMessage `json:"stays"` // parking.Stay
	Next  string            `json:"next"`
}

func (a *API) stays(w http.ResponseWriter, r *http.Request) error {
	arg, err := staysQuery(r.URL.Query())
	if err != nil {
		return err
	}
	arg.SiteID = caller(r).Site
	limit := arg.MaxRows
	arg.MaxRows++ // one more tells whether there is another page
	rows, err := a.Store.Q.Stays(r.Context(), arg)
	if err != nil {
		return fmt.Errorf("list the stays: %w", err)
	}
	out := StaysAnswer{Stays: make([]json.RawMessage, 0, len(rows))}
	for i, row := range rows {
		if i == int(limit) {
			last := rows[i-1]
			s, err := store.Decode[parking.Stay](last.Document)
			if err != nil {
				return err
			}
			out.Next = cursor(&s)
			break
		}
		out.Stays = append(out.Stays, row.Document)
	}
	return answer(w, http.StatusOK, out)
}

func staysQuery(q url.Values) (cloudsql.StaysParams, error) {
	arg := cloudsql.StaysParams{MaxRows: staysPage, BeforeAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), State: q.Get("state")}
	switch parking.StayState(arg.State) {
	case "", parking.Inside, parking.Left, parking.Voided:
	default:
		return arg, parking.Errorf(parking.Invalid, "The state is inside, left or voided.")
	}
	if raw := q.Get("plate"); raw != "" {
		plate, err := parking.ParsePlate(raw)
		if err != nil {
			return arg, err
		}
		arg.Plate = string(plate)
	}
	if raw := q.Get("limit"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 1 || n > staysPageMax {
			return arg, parking.Errorf(parking.Invalid, "The limit is a number from 1 to %d.", staysPageMax)
		}
		arg.MaxRows = int32(n) //nolint:gosec // bounded above
	}
	if raw := q.Get("after"); raw != "" {
		if err := readCursor(raw, &arg); err != nil {
			return arg, parking.Errorf(parking.Invalid, "The value of after is not one that a page gave.")
		}
	}
	return arg, nil
}

func cursor(s *parking.Stay) string {
	at := s.InAt
	if at == nil {
		at = s.OutAt
	}
	return base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + " " + s.ID.String()))
}

func readCursor(raw string, arg *cloudsql.StaysParams) error {
	b, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil {
		return err
	}
	at, id, _ := strings.Cut(string(b), " ")
	if arg.BeforeAt, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return err
	}
	arg.BeforeID, err = uuid.Parse(id)
	return err
}

func (a *API) stay(w http.ResponseWriter, r *http.Request) error {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return parking.Errorf(parking.Invalid, "A stay is named by a UUID.")
	}
	doc, err := a.Store.Q.Stay(r.Context(), cloudsql.StayParams{SiteID: caller(r).Site, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return parking.Errorf(parking.NotFound, "This site has no such stay.")
	}
	if err != nil {
		return fmt.Errorf("read a stay: %w", err)
	}
	return answer(w, http.StatusOK, json.RawMessage(doc))
}

func (a *API) conflicts(w http.ResponseWriter, r *http.Request) error {
	out, err := store.OpenConflicts(r.Context(), a.Store.Q, caller(r).Site)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]any{"conflicts": out})
}

// RevenueDay is the money that one method brought on one local day.
type RevenueDay struct {
	Day      string        `json:"day"`
	Method   string        `json:"method"`
	Payments int64         `json:"payments"`
	Amount   parking.Money `json:"amount"`
}

// longestRevenue bounds the days of one answer.
const longestRevenue = 400 * 24 * time.Hour

// revenue answers ?from=2026-11-01&until=2026-12-01: whole local days, until
// not included; today without them.
func (a *API) revenue(w http.ResponseWriter, r *http.Request) error {
	site, err := a.Store.Q.Site(r.Context(), caller(r).Site)
	if err != nil {
		return fmt.Errorf("read the site: %w", err)
	}
	from, until, err := a.days(site.Timezone, r.URL.Query())
	if err != nil {
		return err
	}
	rows, err := a.Store.Q.RevenueByDay(r.Context(), cloudsql.RevenueByDayParams{SiteID: site.ID, FromAt: from, UntilAt: until})
	if err != nil {
		return fmt.Errorf("sum up the payments: %w", err)
	}
	days := make([]RevenueDay, 0, len(rows))
	var total parking.Money
	for _, row := range rows {
		days = append(days, RevenueDay{Day: row.Day, Method: row.Method, Payments: row.Payments, Amount: parking.Money(row.Amount)})
		total += parking.Money(row.Amount)
	}
	return answer(w, http.StatusOK, map[string]any{"currency": site.Currency, "days": days, "total": total})
}

func (a *API) days(timezone string, q url.Values) (from, until time.Time, err error) {
	loc, err := time.LoadLocation(timezone)
	if err != nil {
		return from, until, fmt.Errorf("load the site's time zone: %w", err)
	}
	now := a.Now().In(loc)
	from = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, loc)
	if raw := q.Get("from"); raw != "" {
		if from, err = time.ParseInLocation(time.DateOnly, raw, loc); err != nil {
			return from, until, parking.Errorf(parking.Invalid, "from is a day such as 2026-11-01.")
		}
	}
	until = from.AddDate(0, 0, 1)
	if raw := q.Get("until"); raw != "" {
		if until, err = time.ParseInLocation(time.DateOnly, raw, loc); err != nil {
			return from, until, parking.Errorf(parking.Invalid, "until is a day such as 2026-12-01; it is not included.")
		}
	}
	if !from.Before(until) || until.Sub(from) > longestRevenue {
		return from, until, parking.Errorf(parking.Invalid, "Ask for 1 to 400 days: until must come after from.")
	}
	return from, until, nil
}
