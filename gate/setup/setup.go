package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/parking"
)

// Config is what Run is made of.
type Config struct {
	Dir     string
	Given   File      // what was said by flags: it is not asked for, and goes before what is there
	Code    string    // one-time code
	GoOn    bool      // write although something failed, where nobody is to be asked
	Lang    string    // of the questions: vi or en
	Vision  string    // program of the vision worker that was found; "" for none
	In      io.Reader // answers; nil: nobody is to be asked
	Out     io.Writer
	Version string
	Enrol   func(ctx context.Context, dir, cloud, code, version string) (Known, error) // nil: Enrol
}

// run is one conversation.
type run struct {
	*talk
	cfg    Config
	file   File
	known  Known
	failed []string // what does not work
}

// Run asks, tries and writes. Its error is a sentence; nothing is written then.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Enrol == nil {
		cfg.Enrol = Enrol
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "The data folder %s cannot be made.", cfg.Dir), err)
	}
	was, _, err := Read(cfg.Dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{talk: newTalk(ctx, cfg.Lang, cfg.In, cfg.Out), cfg: cfg, file: merged(was, cfg.Given)}
	if r.asks() {
		r.say("begin", cfg.Dir)
	}
	for _, step := range []func(context.Context) error{r.cloud, r.vision, r.devices, r.consoles} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if len(r.failed) > 0 && !r.asks() && !cfg.GoOn {
		return parking.Errorf(parking.Unavailable, "%s failed, and nothing was written. Put it right, or write all the same with --go-on.", strings.Join(r.failed, ", "))
	}
	if err := Write(cfg.Dir, &r.file); err != nil {
		return err
	}
	r.say("written", FileName, cfg.Dir)
	return nil
}

// merged is what was there with what was given over it, device by device.
func merged(was, given File) File {
	out := was
	over := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	over(&out.Cloud, given.Cloud)
	over(&out.SSH, given.SSH)
	over(&out.Vision, given.Vision)
	over(&out.Language, given.Language)
	over(&out.Neighbours, given.Neighbours)
	if given.SSHAct != nil {
		out.SSHAct = given.SSHAct
	}
	join := func(to *map[string]string, from map[string]string) {
		all := maps.Clone(*to)
		if all == nil {
			all = map[string]string{}
		}
		for key, spec := range from {
			if spec == "-" {
				delete(all, key)
			} else {
				all[key] = spec
			}
		}
		*to = all
	}
	join(&out.Camera, given.Camera)
	join(&out.Barrier, given.Barrier)
	join(&out.Sensor, given.Sensor)
	join(&out.Reader, given.Reader)
	join(&out.Sign, given.Sign)
	join(&out.Printer, given.Printer)
	join(&out.Tickets, given.Tickets)
	return out
}

// cloud finds out who this gate is: what it knows, or by enrolling.
func (r *run) cloud(ctx context.Context) error {
	code, asked := r.cfg.Code, false
	for {
		var err error
		if r.cfg.Given.Cloud == "" || asked {
			if r.file.Cloud, err = r.ask(ctx, r.t("cloud"), r.file.Cloud); err != nil {
				return ended(err)
			}
		}
		r.say("asking")
		r.known, err = r.cfg.Enrol(ctx, r.cfg.Dir, r.file.Cloud, code, r.cfg.Version)
		if parking.ErrorCode(err) == parking.NotFound && code == "" && r.asks() {
			if code, err = r.ask(ctx, r.t("code"), ""); err != nil {
				return ended(err)
			}
			r.known, err = r.cfg.Enrol(ctx, r.cfg.Dir, r.file.Cloud, code, r.cfg.Version)
		}
		switch {
		case err == nil:
			r.say("enrolled", r.known.Gate, r.known.Site, len(r.known.Lanes))
			return nil
		case ctx.Err() != nil:
			return ended(ctx.Err())
		case !r.asks():
			return err
		}
		r.fail(err)
		line, err := r.ask(ctx, "  "+r.t("after_cloud"), "")
		switch {
		case err != nil:
			return ended(err)
		case line == "g":
			return r.lanesByHand(ctx)
		}
		code, asked = "", true // a code counts once
	}
}

// lanesByHand takes the names of the lanes from a person, while the cloud is
// away.
func (r *run) lanesByHand(ctx context.Context) error {
	line, err := r.ask(ctx, r.t("lanes"), "1,2")
	if err != nil {
		return ended(err)
	}
	for code := range strings.SplitSeq(line, ",") {
		if code = strings.TrimSpace(code); code != "" {
			r.known.Lanes = append(r.known.Lanes, parking.Lane{Code: code})
		}
	}
	return nil
}

// vision finds the program that reads plates.
func (r *run) vision(ctx context.Context) error {
	if r.file.Vision == "" {
		r.file.Vision = r.cfg.Vision
	}
	for r.cfg.Given.Vision == "" {
		var err error
		if r.file.Vision, err = r.ask(ctx, r.t("vision"), r.file.Vision); err != nil {
			return ended(err)
		}
		if r.file.Vision == "" {
			return nil
		}
		if info, err := os.Stat(r.file.Vision); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			r.file.Vision, err = filepath.Abs(r.file.Vision)
			return err
		}
		r.say("no_program", r.file.Vision)
		r.file.Vision = ""
		if !r.asks() {
			return nil
		}
	}
	return nil
}

// devices asks for and tries what stands at each lane.
func (r *run) devices(ctx context.Context) error {
	for _, l := range r.known.Lanes {
		name := r.t("lane", l.Code)
		if l.Direction != "" {
			name = r.t("lane_"+string(l.Direction), l.Code)
		}
		if r.asks() {
			r.print("")
		}
		camera := func(ctx context.Context, spec string) error {
			w, h, err := tryCamera(ctx, spec, r.file.Vision)
			if err == nil {
				r.say("camera_good", w, h)
			}
			return err
		}
		barrier := func(_ context.Context, spec string) error {
			err := checkBarrier(spec)
			if err == nil {
				r.say("barrier_good")
			}
			return err
		}
		printer := func(ctx context.Context, spec string) error {
			err := tryPrinter(ctx, spec, device.Paper{Title: r.t("test_title"), Lines: []string{r.known.Site, name}, Foot: []string{r.t("test_foot")}})
			if err == nil {
				r.say("printer_good")
			}
			return err
		}
		steps := []struct {
			what         string
			specs, given map[string]string
			try          func(context.Context, string) error
			here         bool
		}{
			{"camera", r.file.Camera, r.cfg.Given.Camera, camera, true},
			{"barrier", r.file.Barrier, r.cfg.Given.Barrier, barrier, l.Barrier || l.Direction == ""},
			{"printer", r.file.Printer, r.cfg.Given.Printer, printer, l.Direction != parking.Out},
		}
		for _, s := range steps {
			if !s.here {
				continue
			}
			_, given := s.given[l.Code]
			if err := r.device(ctx, s.what, name, l.Code, s.specs, given, s.try); err != nil {
				return err
			}
		}
	}
	return nil
}

// device asks for one device of a lane, unless it was given, and tries it until
// it works or the person goes on.
func (r *run) device(ctx context.Context, what, name, code string, specs map[string]string, given bool, try func(context.Context, string) error) error {
	spec := specs[code]
	if !given {
		var err error
		if spec, err = r.askSpec(ctx, what, name, spec); err != nil {
			return ended(err)
		}
	}
	for spec != "" {
		if r.asks() {
			r.say("trying")
		} else {
			r.print(r.t(what, name) + ": " + camera.Redacted(spec))
		}
		err := try(ctx, spec)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ended(ctx.Err())
		}
		r.fail(err)
		if !r.asks() {
			r.failed = append(r.failed, r.t(what, name))
			break
		}
		next, line, err := r.afterFailure(ctx)
		if err != nil {
			return ended(err)
		}
		if next == goOn {
			break
		}
		if next == another {
			spec = line
		}
	}
	if spec == "" || spec == "-" {
		delete(specs, code)
		return nil
	}
	specs[code] = spec
	return nil
}

// askSpec asks for a device; what is there is shown without its password.
func (r *run) askSpec(ctx context.Context, what, name, was string) (string, error) {
	shown := camera.Redacted(was)
	answer, err := r.ask(ctx, r.t(what, name)+" ("+r.t(what+".hint")+")", shown)
	if answer == shown {
		return was, err
	}
	return answer, err
}

// consoles asks where guards reach consoles over SSH.
func (r *run) consoles(ctx context.Context) (err error) {
	if r.cfg.Given.SSH != "" {
		return nil
	}
	if r.asks() {
		r.print("")
	}
	if r.file.SSH, err = r.ask(ctx, r.t("ssh"), r.file.SSH); err != nil {
		return ended(err)
	}
	return nil
}

// ended is what is said when somebody leaves before the end.
func ended(err error) error {
	if errors.Is(err, errEnded) || errors.Is(err, context.Canceled) {
		return parking.Errorf(parking.Invalid, "Nothing was written: the questions were not answered to the end.")
	}
	return err
}
