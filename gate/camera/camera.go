// Package camera gives a gate its pictures. A camera is a Source of JPEG
// frames; which kind stands behind it is configuration (see Open). The
// package is pure Go: video is decoded and plates are read by processes of the
// vision program, and a lane goes on without either. The design, with its bounds
// and deadlines, is docs/VISION.md.
package camera

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"time"

	"gatehouse/parking"
)

// Frame is one picture of a camera.
type Frame struct {
	JPEG []byte    // the picture as the camera sent it, JPEG (PNG from a folder); not to be written to
	At   time.Time // when it was taken, by the gate's clock
	// Alarm is what is wrong with a picture that came all the same, a sentence: it
	// looks moved. "" for nothing.
	Alarm string
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
	still, ok := Behind(s).(interface{ Still() bool })
	return s != nil && (!ok || !still.Still())
}

// Options are what Open needs besides a spec. The zero value is enough for
// sim:, folder: and http:.
type Options struct {
	Vision     string           // program that decodes video; "" for none
	VisionArgs []string         // its arguments, for tests; nil for the usual ones
	Now        func() time.Time // clock of Frame.At; nil for time.Now
	Log        *slog.Logger     // nil for none

	arp string // table of the network's devices; "" for the machine's
}

// Open makes the camera that spec names; docs/VISION.md has the whole list:
//
//	sim:?seed=7&light=night        the simulator; light is day, night or auto
//	folder:/path?end=stop          the pictures of a folder in name order; stop ends after the last (default: wraps)
//	http://user:password@host/…    a camera's snapshot or MJPEG stream
//	rtsp://user:password@host/…    a camera's video
//	v4l2:/dev/video0               a camera at USB
//	video:/path?end=stop           a video file
//
// Behind # stands what is done with the picture: #rotate=90&crop=x,y,w,h. No
// connection is made before the first Frame; Close ends it. The error is an Error
// with code Invalid (a spec that is not understood) or Unavailable (the folder
// cannot be read), and shows no password.
func Open(spec string, with Options) (Source, error) {
	if with.Now == nil {
		with.Now = time.Now
	}
	if with.Log == nil {
		with.Log = slog.New(slog.DiscardHandler)
	}
	if with.arp == "" {
		with.arp = arpTable
	}
	s, err := parseSpec(spec)
	if err != nil {
		return nil, err
	}
	source, err := s.open(with)
	if err != nil || s.view.none() {
		return source, err
	}
	return &turned{source, s.view}, nil
}

func (s *spec) open(with Options) (Source, error) {
	switch s.kind {
	case "sim":
		return openSimulator(s.text, s.address, s.options)
	case "folder":
		return openFolder(s.text, s.address, s.options)
	case "http", "https":
		return openWeb(*s, with)
	case "rtsp", "rtsps", "v4l2", "video":
		return openDecoded(*s, with)
	}
	return nil, parking.Errorf(parking.Invalid, "The camera kind %q is not known; it is sim, folder, video, v4l2, rtsp or http.", s.kind)
}

// Close ends what a camera holds: a connection, a process. A camera that holds
// nothing has nothing to close.
func Close(s Source) error {
	if c, ok := s.(io.Closer); ok {
		if err := c.Close(); err != nil {
			return fmt.Errorf("close a camera: %w", err)
		}
	}
	return nil
}

// Behind is the camera behind a turned or watched one: what a simulator or a
// folder is asked to do, it is asked itself.
func Behind(s Source) Source {
	for {
		switch w := s.(type) {
		case *turned:
			s = w.Source
		case *watched:
			s = w.Source
		default:
			return s
		}
	}
}

func openFolder(spec, path string, options url.Values) (Source, error) {
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
