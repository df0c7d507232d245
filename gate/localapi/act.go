package localapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
	"gatehouse/vision"
)

// localActor is who acts when a request names nobody.
const localActor = parking.LocalAPI

// acting is the context of an act by the person or machine that a request
// names.
func acting(r *http.Request, actor string) (context.Context, error) {
	actor = strings.TrimSpace(actor)
	if actor == "" {
		actor = localActor
	}
	if len(actor) > 64 {
		return nil, parking.Errorf(parking.Invalid, "The actor's name is too long.")
	}
	if err := printable("actor's name", actor); err != nil {
		return nil, err
	}
	return lane.WithActor(r.Context(), actor), nil
}

// printable refuses a text that would do something to the screens and papers
// that it is shown on: control characters, and marks that turn its direction.
func printable(what, text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return parking.Errorf(parking.Invalid, "The %s holds a character that cannot be shown. Type it with letters and digits.", what)
	}
	return nil
}

type arriveRequest struct {
	ID    uuid.UUID     `json:"id"` // becomes the subject's: sent again it is the same arrival
	Plate string        `json:"plate"`
	Class parking.Class `json:"class"`
	Token string        `json:"token"`
}

type arriveAnswer struct {
	Subject uuid.UUID `json:"subject"`
}

// arrive announces a vehicle: by JSON, or by its picture (image/jpeg or
// image/png), which then stands for the lane's camera.
func (a *api) arrive(w http.ResponseWriter, r *http.Request) {
	arrival := lane.Arrival{Device: true}
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "image/") {
		arrival.Picture, err = pictureBody(w, r)
	} else {
		var req arriveRequest
		err = decode(w, r, &req)
		arrival.ID, arrival.Plate, arrival.Class, arrival.Token = req.ID, req.Plate, req.Class, req.Token
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	id, err := a.desk.Arrive(r.Context(), laneOf(r), arrival)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, arriveAnswer{Subject: id})
}

func pictureBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := contentType(r, "image/jpeg", "image/png"); err != nil {
		return nil, err
	}
	picture, err := io.ReadAll(http.MaxBytesReader(w, r.Body, vision.MaxPictureBytes))
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, parking.Errorf(parking.TooLarge, "The picture is larger than %d MB.", vision.MaxPictureBytes>>20)
	}
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The picture did not arrive whole.")
	}
	return picture, vision.CheckPicture(picture)
}

type inRequest struct {
	ID uuid.UUID `json:"id"`
	// Subject is the vehicle that the request is about; refused when another is
	// in front. The zero id: whoever is.
	Subject uuid.UUID     `json:"subject"`
	Lane    string        `json:"lane"`
	Plate   string        `json:"plate"`
	Class   parking.Class `json:"class"`
	Slot    string        `json:"slot"`
	Token   string        `json:"token"`
	Reason  string        `json:"reason"`
	// Allow is the reason why it goes in although it is on the block list, or its
	// card is no good by the site's list.
	Allow string `json:"allow"`
	Actor string `json:"actor"`
}

// passedAnswer is the stay, and whether the barrier has opened.
type passedAnswer struct {
	parking.Stay
	Opened bool   `json:"opened"`
	Why    string `json:"why,omitempty"` // when it has not
}

func (a *api) in(w http.ResponseWriter, r *http.Request) {
	var req inRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx, err := acting(r, req.Actor)
	if err == nil && req.Lane == "" {
		err = parking.Errorf(parking.Invalid, "Name the lane.")
	}
	if err == nil {
		err = printable("reason", req.Reason+req.Allow)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	p, err := a.desk.In(ctx, lane.InRequest{
		ID: req.ID, Subject: req.Subject, Lane: req.Lane, Plate: req.Plate, Class: req.Class,
		Slot: req.Slot, Token: req.Token, Reason: req.Reason, Word: req.Allow,
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, passedAnswer{Stay: p.Stay, Opened: p.Opened, Why: p.Why})
}

type feeRequest struct {
	Stay  uuid.UUID     `json:"stay"`
	Plate string        `json:"plate"`
	Class parking.Class `json:"class"` // refused when the vehicle came in as another
}

type feeAnswer struct {
	Stay   uuid.UUID      `json:"stay"`
	Plate  string         `json:"plate"`
	At     time.Time      `json:"at"`
	Quote  parking.Quote  `json:"quote"`
	Marked string         `json:"marked,omitempty"`
	Pass   *lane.PassView `json:"pass,omitempty"` // that it came in on
}

func (a *api) fee(w http.ResponseWriter, r *http.Request) {
	var req feeRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	f, err := a.desk.Fee(r.Context(), lane.FeeRequest{Stay: req.Stay, Plate: req.Plate})
	if err == nil && req.Class != "" && req.Class != f.Stay.Class {
		err = parking.Errorf(parking.Conflict, "This vehicle came in as %s.", f.Stay.Class)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, feeAnswer{Stay: f.Stay.ID, Plate: f.Stay.Display, At: f.At, Quote: f.Quote, Marked: f.Marked, Pass: f.Pass})
}

type outRequest struct {
	ID        uuid.UUID      `json:"id"`
	Subject   uuid.UUID      `json:"subject"` // as in inRequest
	Lane      string         `json:"lane"`
	Stay      uuid.UUID      `json:"stay"`
	Plate     string         `json:"plate"`
	Token     string         `json:"token"`
	Method    parking.Method `json:"method"`
	Tendered  parking.Money  `json:"tendered"`
	PayerBank string         `json:"payer_bank"`
	PaidAt    time.Time      `json:"paid_at"`
	Allow     string         `json:"allow"` // as in inRequest
	Actor     string         `json:"actor"`
}

type outAnswer struct {
	passedAnswer
	Due       parking.Money `json:"due"`
	Change    parking.Money `json:"change"`
	Paying    bool          `json:"paying,omitempty"`
	QR        string        `json:"qr,omitempty"`
	Reference string        `json:"reference,omitempty"`
}

func (a *api) out(w http.ResponseWriter, r *http.Request) {
	var req outRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	ctx, err := acting(r, req.Actor)
	switch {
	case err != nil:
	case req.Lane == "":
		err = parking.Errorf(parking.Invalid, "Name the lane.")
	case req.Tendered < 0:
		err = parking.Errorf(parking.Invalid, "The sum tendered must not be negative.")
	default:
		err = printable("name of the payer's bank", req.PayerBank+req.Allow)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	o, err := a.desk.Out(ctx, lane.OutRequest{
		ID: req.ID, Subject: req.Subject, Lane: req.Lane, Stay: req.Stay, Plate: req.Plate, Token: req.Token,
		Method: req.Method, Tendered: req.Tendered, PayerBank: req.PayerBank, PaidAt: req.PaidAt, Word: req.Allow,
	})
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.answer(w, outAnswer{
		passedAnswer: passedAnswer{Stay: o.Stay, Opened: o.Opened, Why: o.Why},
		Due:          o.Due, Change: o.Change, Paying: o.Paying, QR: o.QR, Reference: o.Reference,
	})
}
