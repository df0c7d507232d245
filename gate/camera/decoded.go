package camera

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"

	"gatehouse/parking"
	"gatehouse/vision"
)

// Cameras whose pictures have to be decoded: by a process of the vision program
// for each (vision.Capture), which is there while pictures are wanted.

// decoded is such a camera.
type decoded struct {
	spec  spec
	with  Options
	ended atomic.Bool // a video file was seen to its end
}

// openDecoded makes a camera of kind rtsp, rtsps, v4l2 or video.
func openDecoded(s spec, with Options) (Source, error) {
	if with.Vision == "" {
		return nil, parking.Errorf(parking.Invalid, "The camera %q needs the vision program; give its path with --vision.", Redacted(s.text))
	}
	d := &decoded{spec: s, with: with}
	if s.onNetwork() {
		if _, _, _, err := s.url(); parking.ErrorCode(err) == parking.Invalid {
			return nil, err
		}
		return watch(newLive(Redacted(s.text), d.dial, with)), nil
	}
	if s.address == "" {
		return nil, parking.Errorf(parking.Invalid, "The camera %q names no file.", s.text)
	}
	known := map[string][]string{"video": {"end"}, "v4l2": nil}[s.kind]
	if err := onlyOptions(s.text, s.options, known...); err != nil {
		return nil, err
	}
	if end := s.options.Get("end"); end != "" && end != "wrap" && end != "stop" {
		return nil, parking.Errorf(parking.Invalid, "The camera option end=%s is not known; it is wrap or stop.", end)
	}
	source := newLive(s.text, d.dial, with)
	if s.kind == "video" {
		return source, nil // a video may well show the same picture twice
	}
	return watch(source), nil
}

// dial starts the process that decodes, after the camera was reached.
func (d *decoded) dial(ctx context.Context) (link, error) {
	text, _, _ := strings.Cut(d.spec.text, "#")
	if d.spec.onNetwork() {
		at, user, password, err := d.spec.url()
		if err != nil {
			return nil, err
		}
		if _, err := reach(ctx, at); err != nil {
			return nil, err
		}
		if err := d.spec.sameDevice(ctx, d.with.arp, at); err != nil {
			return nil, err
		}
		if user != "" || password != "" {
			at.User = url.UserPassword(user, password)
		}
		text = at.String()
	}
	if d.ended.Load() {
		return nil, parking.Errorf(parking.NotFound, "The video has ended.")
	}
	capture, err := vision.StartCapture(ctx, vision.CaptureConfig{
		Path: d.with.Vision, Args: d.with.VisionArgs, Spec: text, Timeout: usualTimes.dial, Log: d.with.Log,
	})
	if err != nil {
		return nil, err
	}
	return &process{capture, d}, nil
}

// process is a link to a camera whose pictures a process decodes.
type process struct {
	capture *vision.Capture
	camera  *decoded
}

func (p *process) picture(ctx context.Context) ([]byte, error) {
	picture, err := p.capture.Picture(ctx)
	if parking.ErrorCode(err) == parking.NotFound {
		p.camera.ended.Store(true) // a file that is not to begin anew
	}
	return picture, err
}

func (p *process) close() { _ = p.capture.Close() }
