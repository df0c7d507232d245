package setup_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/gate/setup"
	"gatehouse/parking"
)

var update = flag.Bool("update", false, "write the golden files anew")

// cloud is a cloud that enrols with the code GOOD, once the address is right.
type cloud struct {
	enrolled bool
	asked    []string
}

const address = "https://parking.example.com"

func (c *cloud) enrol(_ context.Context, _, url, code, _ string) (setup.Known, error) {
	c.asked = append(c.asked, url+" "+code)
	switch {
	case !c.enrolled && code == "":
		return setup.Known{}, parking.Errorf(parking.NotFound, "This gate is not enrolled yet. Ask an administrator for a code and run: gate enrol")
	case url != address && (!c.enrolled || url != ""):
		return setup.Known{}, parking.Errorf(parking.Unavailable, "What answers at %s is not our cloud.", url)
	case !c.enrolled && code != "GOOD":
		return setup.Known{}, parking.Errorf(parking.Unauthorized, "This code is not valid (any more). Ask an administrator for a new one.")
	}
	c.enrolled = true
	return setup.Known{Gate: "N", Site: "Bãi xe Trung Tâm", Lanes: []parking.Lane{
		{Code: "1", Gate: "N", Direction: parking.In, Barrier: true}, {Code: "2", Gate: "N", Direction: parking.Out},
	}}, nil
}

type trial struct {
	*cloud
	dir     string
	printer string // a file that a test ticket is printed to
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "gate")
	return &trial{cloud: &cloud{}, dir: dir, printer: "file:" + filepath.Join(t.TempDir(), "lp0")}
}

// run answers with the lines; a nil list is nobody there. Folders are written
// DIR and PRINTER in what was said.
func (r *trial) run(t *testing.T, lines []string, change func(*setup.Config)) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	cfg := setup.Config{Dir: r.dir, Lang: "en", Out: &out, Enrol: r.enrol, Version: "test"}
	if lines != nil {
		cfg.In = strings.NewReader(strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "PRINTER", r.printer))
	}
	if change != nil {
		change(&cfg)
	}
	err = setup.Run(t.Context(), cfg)
	return strings.NewReplacer(r.dir, "DIR", r.printer, "PRINTER").Replace(out.String()), err
}

func (r *trial) written(t *testing.T) setup.File {
	t.Helper()
	f, _, err := setup.Read(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// firstStart is a first start with everything going wrong once.
var firstStart = []string{
	"http://nowhere", "GOOD", // no cloud there
	"", address, "BAD", // a wrong code
	"", "", "GOOD",
	"",                                  // no vision
	"rtsp:nonsense", "a", "sim:?seed=3", // a camera that is not understood, again, another
	"http://10.0.0.9/open",
	"tcp:nonsense", "PRINTER",
	"folder:/nowhere", "g", // kept all the same
	"0.0.0.0:2222",
}

func TestFirstStart(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "vi"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			r := newTrial(t)
			said, err := r.run(t, firstStart, func(c *setup.Config) { c.Lang = lang })
			if err != nil {
				t.Fatalf("%v after\n%s", err, said)
			}
			golden(t, "first_start_"+lang, said)
			f := r.written(t)
			if f.Cloud != address || f.Camera["1"] != "sim:?seed=3" || f.Camera["2"] != "folder:/nowhere" || f.Barrier["1"] != "http://10.0.0.9/open" ||
				f.Printer["1"] != r.printer || len(f.Barrier) != 1 || len(f.Printer) != 1 || f.SSH != "0.0.0.0:2222" || f.Vision != "" {
				t.Errorf("written: %+v", f)
			}
			if info, err := os.Stat(filepath.Join(r.dir, setup.FileName)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			if ticket, err := os.ReadFile(strings.TrimPrefix(r.printer, "file:")); err != nil || len(ticket) < 20 {
				t.Errorf("no test ticket: %d bytes, %v", len(ticket), err)
			}
		})
	}
}

// Run again, Enter keeps everything; an answer changes what it answers.
func TestAgain(t *testing.T) {
	t.Parallel()
	r := newTrial(t)
	if _, err := r.run(t, firstStart, nil); err != nil {
		t.Fatal(err)
	}
	before := r.written(t)
	said, err := r.run(t, []string{"", "", "", "", "", "", "g", ""}, nil)
	if err != nil {
		t.Fatalf("%v after\n%s", err, said)
	}
	golden(t, "again", said)
	if after := r.written(t); !slices.Equal(keysOf(after), keysOf(before)) || after.Camera["1"] != before.Camera["1"] || after.SSH != before.SSH {
		t.Errorf("Enter changed %+v", after)
	}
	if _, err := r.run(t, []string{"", "", "-", "none:", "", "-", "-"}, nil); err != nil {
		t.Fatal(err)
	}
	after := r.written(t)
	if after.Barrier["1"] != "none:" || len(after.Camera) != 0 || after.SSH != "" || after.Printer["1"] != r.printer || after.Cloud != address {
		t.Errorf("written: %+v", after)
	}
}

func keysOf(f setup.File) []string {
	out := []string{f.Cloud, f.SSH, f.Vision}
	for _, m := range []map[string]string{f.Camera, f.Barrier, f.Printer} {
		for k, v := range m {
			out = append(out, k+v)
		}
	}
	slices.Sort(out)
	return out
}

// Every question has a flag: without anybody to ask nothing is asked, and what
// fails is written only when that was said.
func TestWithoutATerminal(t *testing.T) {
	t.Parallel()
	r := newTrial(t)
	given := setup.File{
		Cloud: address, Camera: map[string]string{"1": "sim:?seed=3", "2": "sim:?seed=4"}, Barrier: map[string]string{"1": "sim:"},
		Printer: map[string]string{"1": r.printer}, Reader: map[string]string{"1": "tcp:10.0.0.5:4000"}, SSH: "127.0.0.1:2222", Language: "vi",
	}
	flags := func(c *setup.Config) { c.Given, c.Code = given, "GOOD" }
	if said, err := r.run(t, nil, func(c *setup.Config) { flags(c); c.Code = "" }); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("without a code: %v, %s", err, said)
	}
	said, err := r.run(t, nil, flags)
	if err != nil {
		t.Fatalf("%v after\n%s", err, said)
	}
	golden(t, "flags", said)
	if f := r.written(t); !slices.Equal(keysOf(f), keysOf(given)) || f.Reader["1"] != "tcp:10.0.0.5:4000" || f.Language != "vi" {
		t.Errorf("written: %+v", f)
	}
	// One device more; the others stay, and one that fails writes nothing.
	bad := func(c *setup.Config) {
		c.Given = setup.File{Camera: map[string]string{"2": "folder:/nowhere", "1": "-"}}
	}
	said, err = r.run(t, nil, bad)
	if parking.ErrorCode(err) != parking.Unavailable || !strings.Contains(parking.ErrorMessage(err), "--go-on") || r.written(t).Camera["2"] != "sim:?seed=4" {
		t.Errorf("%v\n%s", err, said)
	}
	if _, err = r.run(t, nil, func(c *setup.Config) { bad(c); c.GoOn = true }); err != nil {
		t.Fatal(err)
	}
	f := r.written(t)
	if f.Camera["2"] != "folder:/nowhere" || len(f.Camera) != 1 || f.Barrier["1"] != "sim:" || f.Cloud != address {
		t.Errorf("written: %+v", f)
	}
}

// The cloud may be away: the lanes are named, and all else goes on.
func TestWithoutTheCloud(t *testing.T) {
	t.Parallel()
	r := newTrial(t)
	said, err := r.run(t, []string{"http://nowhere", "GOOD", "g", "1, 7", "", "sim:", "", "", "", "none:", "", ""}, nil)
	if err != nil {
		t.Fatalf("%v after\n%s", err, said)
	}
	if f := r.written(t); f.Camera["1"] != "sim:" || f.Barrier["7"] != "none:" || f.Cloud != "http://nowhere" {
		t.Errorf("written: %+v", f)
	}
}

// Who leaves before the end leaves nothing behind.
func TestLeaving(t *testing.T) {
	t.Parallel()
	for n := range len(firstStart) {
		r := newTrial(t)
		said, err := r.run(t, append([]string{}, firstStart[:n]...), nil)
		if n == 0 {
			continue // one empty answer is given
		}
		if parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("after %d answers: %v\n%s", n, err, said)
		}
		if _, err := os.Stat(filepath.Join(r.dir, setup.FileName)); err == nil {
			t.Errorf("after %d answers something is written", n)
		}
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"unknown key":   {"cloud: x\ncamra:\n  1: \"sim:\"\n", `unknown field "camra"`},
		"wrong kind":    {"camera: sim\n", "is not understood"},
		"not a number":  {"photos-gb: many\n", "is not understood"},
		"no YAML":       {"camera: {1: sim:\n", "is not understood"},
		"a key doubled": {"cloud: a\ncloud: b\n", "cloud"},
		"too long":      {strings.Repeat("#", 40_000), "longer than"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, setup.FileName)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := setup.Read(dir)
		if says := parking.ErrorMessage(err); !strings.Contains(says, path) || !strings.Contains(says, c.says) || strings.Contains(says, "\n") {
			t.Errorf("%s: %q", name, says)
		}
		if err := setup.Run(t.Context(), setup.Config{Dir: dir, Out: &bytes.Buffer{}}); err == nil {
			t.Errorf("%s: it is overwritten", name)
		}
	}
	if f, values, err := setup.Read(t.TempDir()); err != nil || values != nil || f.Cloud != "" {
		t.Errorf("no file: %+v, %v", f, err)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed (go test ./gate/setup -update writes it anew):\n%s", file, got)
	}
}
