package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/demo/line"
)

func TestFaultsAreRead(t *testing.T) {
	t.Parallel()
	gates := gateCodes(6)
	if diff := cmp.Diff([]string{"N", "S", "E", "W", "N2", "S2"}, gates); diff != "" {
		t.Fatal(diff)
	}
	for text, want := range map[string]fault{
		"cut N":                       {what: "cut", where: "N"},
		"at=30s gate=N cut for=20s":   {what: "cut", where: "N", at: 30 * time.Second, lasts: 20 * time.Second},
		"oneway N2":                   {what: "oneway", where: "N2", way: "out"},
		"oneway S in":                 {what: "oneway", where: "S", way: "in"},
		"slow all":                    {what: "slow", where: "all", amount: 300},
		"slow all 40":                 {what: "slow", where: "all", amount: 40},
		"every=10s kill any for=2s":   {what: "kill", where: "any", every: 10 * time.Second, lasts: 2 * time.Second},
		"kill cloud":                  {what: "kill", where: "cloud"},
		"duplicate E 3":               {what: "duplicate", where: "E", amount: 3},
		"answers W 100":               {what: "answers", where: "W", amount: 100},
		"lossy  all   7":              {what: "lossy", where: "all", amount: 7},
		"at=5s clone N":               {what: "clone", where: "N", at: 5 * time.Second},
		"image N":                     {what: "image", where: "N"},
		"restore all":                 {what: "restore", where: "all"},
		"backup cloud":                {what: "backup", where: "cloud"},
		"at=9s restore cloud":         {what: "restore", where: "cloud", at: 9 * time.Second},
		"heal":                        {what: "heal"},
		"heal N":                      {what: "heal", where: "N"},
		"at=1m30s every=500ms heal S": {what: "heal", where: "S", at: 90 * time.Second, every: 500 * time.Millisecond},
	} {
		got, err := parseFault(text, gates)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got.text = ""
		if got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                       "does not say what goes wrong",
		"N":                      "does not say what goes wrong",
		"cut":                    "does not say where",
		"cut X":                  `"X" is not understood (gates are N, S)`,
		"cut N S":                `"S" is not understood`,
		"cut N 5":                "takes no number",
		"cut cloud":              "the cloud can only be killed",
		"backup N":               "only the cloud has backups",
		"clone cloud":            "the cloud can only be killed",
		"clone N for=5s":         "clone does not last",
		"image cloud":            "the cloud can only be killed",
		"restore N for=3s":       "does not last",
		"cut N in":               "only oneway is in or out",
		"slow N 100000":          "slow takes 1 to 60000",
		"duplicate N 1":          "duplicate takes 2 to 20",
		"at=soon cut N":          "no time such as 20s",
		"at=-1s cut N":           "no time such as",
		"when=1s cut N":          "there is no when=",
		"every=1ms kill N":       "at least 100ms",
		"skew N 600":             "no switch to set it wrong",
		"gate=cut N":             `"cut" is not understood`,
		"kill N for=1s for=1s x": `"x" is not understood`,
	} {
		if _, err := parseFault(text, gateCodes(2)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// A fault takes away what it brought and nothing else.
func TestFaultsMendWhatTheyDid(t *testing.T) {
	t.Parallel()
	gates := gateCodes(1)
	for _, text := range []string{"cut N", "oneway N in", "slow N", "lossy N", "answers N", "duplicate N"} {
		f, err := parseFault(text, gates)
		if err != nil {
			t.Fatal(err)
		}
		bad := f.worsen(line.Trouble{})
		if bad == (line.Trouble{}) || f.mend(bad) != (line.Trouble{}) {
			t.Errorf("%s makes %+v, mended %+v", text, bad, f.mend(bad))
		}
		for _, other := range []string{"slow N 7", "answers N 7"} {
			o, err := parseFault(other, gates)
			if err != nil {
				t.Fatal(err)
			}
			if before := o.worsen(line.Trouble{}); o.what != f.what && f.mend(f.worsen(before)) != before {
				t.Errorf("%s changes %s", text, other)
			}
		}
	}
	out, err := parseFault("oneway N out", gates)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.worsen(line.Trouble{}); got.CutOut || !got.CutIn {
		t.Errorf("when only what goes out arrives, the line is %+v", got)
	}
}

func TestAFileOfFaults(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(path, []byte("# a bad day\n\ncut N for=1s # the cable\n  kill cloud\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readFaults(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cut N for=1s", "kill cloud"}, got); diff != "" {
		t.Error(diff)
	}
	c := simCommand{Gates: 2, Clouds: 1, Rate: 1, Stay: time.Second, Settle: time.Second, Faults: path}
	if faults, err := c.prepare(); err != nil || len(faults) != 2 || c.For != time.Minute {
		t.Errorf("%d faults for %s, %v", len(faults), c.For, err)
	}
	for name, change := range map[string]func(*simCommand){
		"no gate":         func(c *simCommand) { c.Gates = 0 },
		"many gates":      func(c *simCommand) { c.Gates = 1000 },
		"no cloud":        func(c *simCommand) { c.Clouds = 0 },
		"no rate":         func(c *simCommand) { c.Rate = 0 },
		"no stay":         func(c *simCommand) { c.Stay = 0 },
		"over a hundred":  func(c *simCommand) { c.Remain = 101 },
		"replicas apart":  func(c *simCommand) { c.Namespaces, c.Clouds = true, 2 },
		"unknown gate":    func(c *simCommand) { c.Fault = []string{"cut Q"} },
		"no file":         func(c *simCommand) { c.Faults = path + "x" },
		"negative length": func(c *simCommand) { c.For = -1 },
	} {
		wrong := c
		change(&wrong)
		if _, err := wrong.prepare(); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// The same seed draws the same drivers, whatever happens; each plate is used
// once.
func TestDriversOfASeed(t *testing.T) {
	t.Parallel()
	site := &simSite{}
	for _, code := range gateCodes(4) {
		site.gates = append(site.gates, &simGate{code: code})
	}
	c := &simCommand{Seed: 7, Rate: 1, Stay: time.Second, Remain: 20}
	one, two := newTraffic(c, site), newTraffic(c, site)
	plates := map[string]bool{}
	for n := range 2000 {
		a := one.draw(n)
		if again := two.draw(n); a.plate != again.plate || a.in != again.in || a.out != again.out || a.inside != again.inside || a.transfer != again.transfer {
			t.Fatalf("driver %d is drawn as %+v and %+v", n, a, again)
		}
		if plates[string(a.plate)] {
			t.Fatalf("%s came twice", a.plate)
		}
		plates[string(a.plate)] = true
		if a.stay.Version() != 7 || a.inside > 5*time.Second {
			t.Fatalf("driver %d is %+v", n, a)
		}
	}
}
