// Package camera gives a gate its pictures. A camera is a Source of JPEG
// frames; which kind stands behind it is configuration (see Open). The
// package is pure Go: reading the plate is the vision worker's work, and a
// lane goes on without either.
package camera

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/parking"
)

// Frame is one picture of a camera.
type Frame struct {
	JPEG []byte    // the picture as the camera sent it, JPEG (PNG from a folder); not to be written to
	At   time.Time // when it was taken, by the gate's clock
}

// Source is a camera. Frame returns the picture that the camera sees now; it
// is safe for several goroutines. Its errors are parking errors with code
// Unavailable when the camera cannot deliver.
type Source interface {
	Frame(ctx context.Context) (Frame, error)
}

// Live says whether a source shows what stands there now, so that its next frame
// is of the same vehicle; a folder's next picture is of another.
func Live(s Source) bool {
	still, ok := s.(interface{ Still() bool })
	return s != nil && (!ok || !still.Still())
}

// Open makes the camera that spec names:
//
//	sim:                          the simulator, seed 1, day or night by the clock
//	sim:?seed=7&light=night       light is day, night or auto
//	folder:/path                  the pictures of a folder in name order
//	folder:/path?end=stop         … which ends after the last (default: wraps)
//
// The error is an Error with code Invalid (a spec that is not understood) or
// Unavailable (the folder cannot be read).
func Open(spec string) (Source, error) {
	kind, rest, found := strings.Cut(spec, ":")
	if !found {
		return nil, parking.Errorf(parking.Invalid, "The camera %q is not understood; write sim: or folder:/path.", spec)
	}
	path, query, _ := strings.Cut(rest, "?")
	options, err := url.ParseQuery(query)
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The options of the camera %q are not understood.", spec)
	}
	switch kind {
	case "sim":
		return openSimulator(spec, path, options)
	case "folder":
		if err := onlyOptions(spec, options, "end"); err != nil {
			return nil, err
		}
		wrap := true
		switch end := options.Get("end"); end {
		case "", "wrap":
		case "stop":
			wrap = false
		default:
			return nil, parking.Errorf(parking.Invalid, "The camera option end=%s is not known; it is wrap or stop.", end)
		}
		folder, err := NewFolder(path, wrap)
		if err != nil {
			return nil, err
		}
		return folder, nil
	default:
		return nil, parking.Errorf(parking.Invalid, "The camera kind %q is not known; it is sim or folder.", kind)
	}
}

func openSimulator(spec, path string, options url.Values) (Source, error) {
	if path != "" {
		return nil, parking.Errorf(parking.Invalid, "The simulated camera %q takes no path.", spec)
	}
	if err := onlyOptions(spec, options, "seed", "light"); err != nil {
		return nil, err
	}
	seed := uint64(1)
	if text := options.Get("seed"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, parking.Errorf(parking.Invalid, "The seed of the camera %q is no number.", spec)
		}
		seed = n
	}
	light := Light(options.Get("light"))
	switch light {
	case "":
		light = LightAuto
	case LightAuto, LightDay, LightNight:
	default:
		return nil, parking.Errorf(parking.Invalid, "The light %q is not known; it is day, night or auto.", light)
	}
	simulator, err := NewSimulator(seed, light)
	if err != nil {
		return nil, fmt.Errorf("open camera %q: %w", spec, err)
	}
	return simulator, nil
}

// onlyOptions refuses options that the kind of camera does not know: a
// misspelt one would be silently without effect.
func onlyOptions(spec string, options url.Values, known ...string) error {
	for name := range options {
		if !slices.Contains(known, name) {
			return parking.Errorf(parking.Invalid, "The camera %q has the unknown option %q.", spec, name)
		}
	}
	return nil
}
