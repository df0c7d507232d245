package demo

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/demo/line"
)

// A fault is one thing that goes wrong in a simulation, planned or typed:
//
//	[at=TIME] [every=TIME] WHAT [WHERE] [HOW MUCH] [for=TIME]
//
// at counts from the first driver; with every it comes again and again. What
// has no for= lasts until heal, or until the traffic ends.
type fault struct {
	text   string
	at     time.Duration
	every  time.Duration
	lasts  time.Duration // 0: until it is healed
	what   string
	where  string // a gate's code, "all", "any" or "cloud"
	way    string // oneway: in or out
	amount int
}

// faultWords are what can go wrong, with the least and the most of each; how
// much is meant where nothing is said stands last.
var faultWords = map[string]struct{ least, most, otherwise int }{
	"cut":       {},
	"oneway":    {},
	"slow":      {1, 60_000, 300}, // ms, each way
	"lossy":     {1, 100, 5},      // percent of the packets
	"answers":   {1, 100, 50},     // percent of the answers
	"duplicate": {2, 20, 5},       // copies at most
	"kill":      {},
	"image":     {},
	"clone":     {},
	"backup":    {},
	"restore":   {},
	"heal":      {},
}

const faultHelp = `Faults, planned with --fault and --faults or typed while it runs:
  cut N                  the line of gate N is cut; what was sent waits
  oneway N out           only what gate N sends arrives (in: only what comes to it)
  slow N 300             300 ms more, each way
  answers N 50           half of N's requests arrive and their answers are lost
  duplicate N 5          each batch of facts arrives 1 to 5 times, at once
  lossy N 5              5 percent of the packets are lost (--namespaces)
  kill N, kill cloud     kill -9; it starts again after a second, or for=TIME
  image N, restore N     an image of gate N's disk is made; the gate is put back to it
  clone N                a second machine runs from an image of gate N's disk, beside it
  backup cloud, restore cloud   the same with the cloud's database; banks tell
                         nothing then: no gate could bring it back
  heal, heal N           everything, or one gate, is good again
With --neighbours the gates reach each other all the while: cut all is the internet's end.
A gate's code may be "all", or "any" for one at random. Planned faults take
at=TIME, for=TIME and every=TIME, and gate=N for N:
  --fault "at=30s cut N for=20s"     --fault "every=10s kill any for=2s"
Typed only: status, end (no more drivers; settle and check), help.`

// parseFault reads one line. gates are the codes that may be named.
func parseFault(text string, gates []string) (fault, error) {
	f := fault{text: strings.Join(strings.Fields(text), " ")}
	for _, word := range strings.Fields(text) {
		if err := f.word(word, gates); err != nil {
			return fault{}, fmt.Errorf("%w in %q", err, f.text)
		}
	}
	return f, f.check()
}

func (f *fault) word(word string, gates []string) error {
	key, value, isOption := strings.Cut(word, "=")
	if isOption && key != "gate" {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is no time such as 20s", value)
		}
		switch key {
		case "at":
			f.at = d
		case "for":
			f.lasts = d
		case "every":
			f.every = d
		default:
			return fmt.Errorf("there is no %s=", key)
		}
		return nil
	}
	if isOption {
		word = value
	}
	if word == "skew" {
		return fmt.Errorf("a shipped gate takes its time from the machine and the cloud and has no switch to set it wrong: skewed clocks are tried inside of tests (TestAnyInterleavingEqualsTheModel)")
	}
	if _, ok := faultWords[word]; ok && f.what == "" && !isOption {
		f.what = word
		return nil
	}
	if n, err := strconv.Atoi(word); err == nil && f.amount == 0 && n > 0 {
		f.amount = n
		return nil
	}
	switch {
	case f.where == "" && (word == "all" || word == "any" || word == "cloud" || slices.Contains(gates, word)):
		f.where = word
	case f.way == "" && (word == "in" || word == "out"):
		f.way = word
	default:
		return fmt.Errorf("%q is not understood (gates are %s)", word, strings.Join(gates, ", "))
	}
	return nil
}

func (f *fault) check() error {
	limits, ok := faultWords[f.what]
	switch {
	case !ok:
		return fmt.Errorf("%q does not say what goes wrong: cut, oneway, slow, lossy, answers, duplicate, kill, image, clone, backup, restore or heal", f.text)
	case f.where == "" && f.what != "heal":
		return fmt.Errorf("%q does not say where", f.text)
	case f.where == "cloud" && f.what != "kill" && f.what != "backup" && f.what != "restore":
		return fmt.Errorf("%q: the cloud can only be killed, backed up and restored; a line is named by its gate", f.text)
	case f.what == "backup" && f.where != "cloud":
		return fmt.Errorf("%q: only the cloud has backups; a gate's disk has an image", f.text)
	case f.lasts > 0 && slices.Contains([]string{"image", "clone", "backup", "restore"}, f.what):
		return fmt.Errorf("%q: %s does not last", f.text, f.what)
	case f.what == "oneway" && f.way == "":
		f.way = "out"
	case f.what != "oneway" && f.way != "":
		return fmt.Errorf("%q: only oneway is in or out", f.text)
	}
	if f.amount == 0 {
		f.amount = limits.otherwise
	}
	if f.amount < limits.least || f.amount > limits.most {
		if limits.most == 0 {
			return fmt.Errorf("%q: %s takes no number", f.text, f.what)
		}
		return fmt.Errorf("%q: %s takes %d to %d", f.text, f.what, limits.least, limits.most)
	}
	if f.every > 0 && f.every < time.Second/10 {
		return fmt.Errorf("%q: every is at least 100ms", f.text)
	}
	return nil
}

// readFaults reads a file of faults, one a line; # begins a remark.
func readFaults(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the faults: %w", err)
	}
	var out []string
	for text := range strings.Lines(string(raw)) {
		text, _, _ = strings.Cut(text, "#")
		if text = strings.TrimSpace(text); text != "" {
			out = append(out, text)
		}
	}
	return out, nil
}

// worsen adds the fault to what is wrong with a line.
func (f *fault) worsen(t line.Trouble) line.Trouble {
	switch f.what {
	case "cut":
		t.CutIn, t.CutOut = true, true
	case "oneway":
		t.CutIn, t.CutOut = f.way == "out", f.way == "in"
	case "slow":
		t.Delay = time.Duration(f.amount) * time.Millisecond
	case "lossy":
		t.Loss = f.amount
	case "answers":
		t.LostAnswers = f.amount
	case "duplicate":
		t.Copies = f.amount
	}
	return t
}

// mend takes the fault away again.
func (f *fault) mend(t line.Trouble) line.Trouble {
	switch f.what {
	case "cut", "oneway":
		t.CutIn, t.CutOut = false, false
	case "slow":
		t.Delay = 0
	case "lossy":
		t.Loss = 0
	case "answers":
		t.LostAnswers = 0
	case "duplicate":
		t.Copies = 0
	}
	return t
}
