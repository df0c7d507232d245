package camera

import (
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"gatehouse/parking"
	"gatehouse/vision"
)

// spec is a camera's spec taken apart: KIND:ADDRESS?OPTIONS#VIEW.
type spec struct {
	text    string // whole, with whatever password it holds
	kind    string
	address string // between the kind and ? or #
	options url.Values
	view    view
	// Of what the gate itself does at the camera's address.
	passwordFile string
	mac          net.HardwareAddr
}

// Options of every kind, behind #.
const (
	optionRotate   = "rotate"
	optionCrop     = "crop"
	optionPassword = "password-file"
	optionMAC      = "mac"
)

// parseSpec takes a spec apart. The error is Invalid and does not repeat what may
// be a password.
func parseSpec(text string) (spec, error) {
	s := spec{text: text}
	shown := Redacted(text)
	head, fragment, _ := strings.Cut(text, "#")
	var found bool
	if s.kind, s.address, found = strings.Cut(head, ":"); !found {
		return s, parking.Errorf(parking.Invalid, "The camera %q is not understood; write sim:, folder:/path, video:/path, v4l2:/dev/video0, rtsp://… or http://….", shown)
	}
	var query string
	s.address, query, _ = strings.Cut(s.address, "?")
	var err error
	if s.options, err = url.ParseQuery(query); err != nil && !s.onNetwork() {
		return s, parking.Errorf(parking.Invalid, "The options of the camera %q are not understood.", shown)
	}
	own, err := url.ParseQuery(fragment)
	if err != nil {
		return s, parking.Errorf(parking.Invalid, "What stands behind # in the camera %q is not understood.", shown)
	}
	if err := onlyOptions(shown, own, optionRotate, optionCrop, optionPassword, optionMAC); err != nil {
		return s, err
	}
	if s.view, err = parseView(own.Get(optionRotate), own.Get(optionCrop)); err != nil {
		return s, err
	}
	s.passwordFile = own.Get(optionPassword)
	if mac := own.Get(optionMAC); mac != "" {
		if s.mac, err = net.ParseMAC(mac); err != nil {
			return s, parking.Errorf(parking.Invalid, "The hardware address %q of a camera is not understood; write it like aa:bb:cc:dd:ee:ff.", mac)
		}
	}
	if !s.onNetwork() && (s.passwordFile != "" || s.mac != nil) {
		return s, parking.Errorf(parking.Invalid, "The camera %q is not on the network; it has neither password nor hardware address.", shown)
	}
	return s, nil
}

// onNetwork says whether the camera is reached by a URL.
func (s *spec) onNetwork() bool {
	return slices.Contains([]string{"http", "https", "rtsp", "rtsps"}, s.kind)
}

// url is the camera's address without user and password, and those.
func (s *spec) url() (at *url.URL, user, password string, err error) {
	head, _, _ := strings.Cut(s.text, "#")
	at, err = url.Parse(head)
	if err != nil || at.Hostname() == "" {
		return nil, "", "", parking.Errorf(parking.Invalid, "The address of the camera %q is not understood.", Redacted(s.text))
	}
	user = at.User.Username()
	password, _ = at.User.Password()
	at.User = nil
	if s.passwordFile != "" {
		if password, err = secretOf(s.passwordFile); err != nil {
			return nil, "", "", err
		}
	}
	return at, user, password, nil
}

// maxSecret bounds a file that holds a password.
const maxSecret = 1 << 10

// secretOf reads a password; a line's end behind it is not part of it.
func secretOf(name string) (string, error) {
	file, err := os.Open(name) //nolint:gosec // the file that whoever set the gate up named
	if err != nil {
		return "", parking.Errorf(parking.Unavailable, "The password file %q of a camera cannot be opened.", name)
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, maxSecret))
	if err != nil {
		return "", parking.Errorf(parking.Unavailable, "The password file %q of a camera cannot be read.", name)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

// Redacted is a spec without user and password (vision.Redacted).
func Redacted(spec string) string { return vision.Redacted(spec) }

// parseView reads the options rotate and crop.
func parseView(rotate, crop string) (view, error) {
	var v view
	switch rotate {
	case "", "0":
	case "90", "180", "270":
		v.quarters = map[string]int{"90": 1, "180": 2, "270": 3}[rotate]
	default:
		return v, parking.Errorf(parking.Invalid, "A camera's picture is turned by 90, 180 or 270 degrees, not by %q.", rotate)
	}
	if crop == "" {
		return v, nil
	}
	parts := strings.Split(crop, ",")
	var n [4]int
	for i := range n {
		if len(parts) != len(n) {
			break
		}
		number, err := strconv.Atoi(parts[i])
		if err != nil || number < 0 || number > 1<<15 || i >= 2 && number == 0 {
			parts = nil
			break
		}
		n[i] = number
	}
	if len(parts) != len(n) {
		return v, parking.Errorf(parking.Invalid, "A camera's picture is cut as crop=x,y,width,height in pixels, not as %q.", crop)
	}
	v.x, v.y, v.w, v.h = n[0], n[1], n[2], n[3]
	return v, nil
}
