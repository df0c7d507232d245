package device

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"gatehouse/parking"
)

// ShownKind is what a sign tells a driver.
type ShownKind string

// What signs show.
const (
	ShowsWelcome ShownKind = "welcome" // somebody is at the lane, or may come
	ShowsFree    ShownKind = "free"    // how many places are free
	ShowsFull    ShownKind = "full"    // none is, which shuts nobody out
	ShowsFee     ShownKind = "fee"     // what the vehicle owes, 0 for nothing
	ShowsWait    ShownKind = "wait"    // something is being done for the vehicle
	ShowsGo      ShownKind = "go"      // the barrier opens
)

// Shown is what a sign shows: in figures for one that draws by itself, and as
// lines of text for one that does not.
type Shown struct {
	Kind     ShownKind     `json:"kind"`
	Plate    string        `json:"plate,omitempty"` // display form
	Amount   parking.Money `json:"amount"`          // of a fee: what is due
	Currency string        `json:"currency,omitempty"`
	QR       string        `json:"qr,omitempty"`    // of a fee: the VietQR that is waited for
	Free     int           `json:"free"`            // places
	Place    string        `json:"place,omitempty"` // where the vehicle should go
	Lines    []string      `json:"lines"`           // in the site's language
}

// Equal says whether both look the same.
func (s Shown) Equal(o Shown) bool {
	return slices.Equal(s.Lines, o.Lines) && s.Kind == o.Kind && s.Plate == o.Plate && s.Amount == o.Amount && s.Currency == o.Currency &&
		s.QR == o.QR && s.Free == o.Free && s.Place == o.Place
}

// Sign is a display at a lane that drivers see. Show returns nil once the device
// has taken what it shows from now on, in place of what it showed; its error is a
// parking Error with code Unavailable and a sentence. Showing the same twice is as
// once. Show keeps to ctx.
type Sign interface {
	Show(ctx context.Context, s Shown) error
}

// OpenSign makes the sign that spec names:
//
//	sim:                   a simulator
//	http://10.0.0.7/show   one that takes a POST of Shown as JSON (see HTTPSign)
//	tcp:10.0.0.7:5000      one that takes lines of text (see lineSign)
//
// The error is an Error with code Invalid for a spec that is not understood.
func OpenSign(spec string) (Sign, error) {
	kind, rest, _ := strings.Cut(spec, ":")
	switch {
	case spec == "sim:":
		return NewSignSimulator(), nil
	case strings.HasPrefix(spec, "http://"), strings.HasPrefix(spec, "https://"):
		u, err := url.Parse(spec)
		if err != nil || u.Host == "" {
			return nil, parking.Errorf(parking.Invalid, "The address of the sign %q is not understood.", redact(spec))
		}
		return NewHTTPSign(u), nil
	case kind == "tcp":
		if err := hostPort(rest); err != nil {
			return nil, err
		}
		return lineSign(rest), nil
	}
	return nil, parking.Errorf(parking.Invalid, "The sign %q is not understood; write sim:, tcp:HOST:PORT or an http address.", redact(spec))
}

// signStopping is the error of a showing whose ctx has ended.
func signStopping() error {
	return parking.Errorf(parking.Unavailable, "The sign was not told: the gate is stopping.")
}

// SignSimulator is a sign that remembers what it was told and can be broken.
type SignSimulator struct {
	mu     sync.Mutex
	shown  []Shown
	total  int
	broken string
}

// NewSignSimulator makes one that works and is dark.
func NewSignSimulator() *SignSimulator { return &SignSimulator{} }

// Show remembers s, or fails while the sign is broken.
func (s *SignSimulator) Show(ctx context.Context, shown Shown) error {
	if ctx.Err() != nil {
		return signStopping()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != "" {
		return parking.Errorf(parking.Unavailable, "The sign does not answer: %s.", s.broken)
	}
	s.total++
	s.shown = append(s.shown, shown)
	if len(s.shown) > maxRemembered {
		s.shown = s.shown[1:]
	}
	return nil
}

// Break makes every showing fail for the reason given; "" repairs it.
func (s *SignSimulator) Break(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = reason
}

// Shown returns what was shown last, oldest first, and how often in all.
func (s *SignSimulator) Shown() (shown []Shown, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.shown), s.total
}
