package tui

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/settings"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

func keysIn(t *testing.T, text string) (settings.Keys, error) {
	t.Helper()
	lines, err := settings.ParseKeys("keys.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	return CheckKeys("keys.yaml", lines)
}

func mustKeys(t *testing.T, text string) func(*Options) {
	t.Helper()
	keys, err := keysIn(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) { o.Keys = keys }
}

func TestKeyMapsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"unknown action":        {"search: f3\nserach: f4\n", `keys.yaml, line 2: there is no action "serach"; gate keys prints them all.`},
		"unknown key":           {"search: foo\n", `keys.yaml, line 1: "foo" of search is no key; write a letter or sign, a name like f5, tab or pgup, or one with ctrl+ or alt+ before it.`},
		"modifiers out of turn": {"search: alt+ctrl+x\n", `"alt+ctrl+x" of search is no key`},
		"capital with ctrl":     {"search: ctrl+X\n", "is no key"},
		"f99":                   {"search: f99\n", "is no key"},
		"empty key":             {"search: \"\"\n", "is no key"},
		"doubled":               {"search: f3\nmap: [g, f3]\n", "keys.yaml, line 2: f3 is a key of search (line 1) already, and cannot be one of map too."},
		"doubled in one":        {"search: [f3, f3]\n", "keys.yaml, line 1: search has the key f3 twice."},
		"usual key of another":  {"\n# mine\nsearch: x\n", "keys.yaml, line 3: x is the usual key of barrier, and cannot be one of search too; give barrier another one."},
		"takes esc":             {"search: esc\n", "keys.yaml, line 1: esc stays the key of clear, and cannot be one of search."},
		"takes help":            {"search: \"?\"\n", "? stays the key of help"},
		"takes an act key":      {"pictures: space\n", "space stays the key of left"},
		"takes the other":       {"pictures: [p, enter]\n", "enter stays the key of right"},
		"takes quit":            {"pictures: ctrl+c\n", "ctrl+c stays the key of quit"},
		"moves an act key":      {"left: f5\n", "keys.yaml, line 1: left keeps the key space; write others beside it."},
		"takes help's away":     {"help: []\n", "help keeps the key ?"},
		"takes esc away":        {"clear: f4\n", "clear keeps the key esc"},
		"digits":                {"pick: a\n", "keys.yaml, line 1: the digits 1 to 9 pick, and cannot be changed."},
		"a digit":               {"search: 3\n", "3 is the usual key of pick"},
		"no key at all":         {"search:\n", "keys.yaml, line 1: write ACTION: KEY, or ACTION: [KEY, KEY]."},
		"keys of keys":          {"search: {a: b}\n", "keys.yaml, line 1: write ACTION: KEY, or ACTION: [KEY, KEY]."},
		"a list":                {"- search\n", "keys.yaml, line 1: write ACTION: KEY, as gate keys prints it."},
		"action twice":          {"search: f3\nsearch: f4\n", "search"},
		"no YAML":               {"search: [f3\n", "The key map keys.yaml cannot be read as YAML: "},
		"an alias":              {"search: *a\n", "keys.yaml"},
		"too long":              {strings.Repeat("#", 40_000), "longer than 32768 bytes"},
	} {
		_, err := keysIn(t, c.text)
		if says := parking.ErrorMessage(err); err == nil || parking.ErrorCode(err) == parking.Internal || !strings.Contains(says, c.says) || strings.Contains(says, "\n") {
			t.Errorf("%s: says %q, want %q", name, says, c.says)
		}
	}
}

// What gate keys prints is taken as it is, and is the same map.
func TestKeyMapIsPrintedAsItIsRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "search: f3\nwalk: []\ndiscount: [\"%\", alt+d]\nlanes: [pgdown, pgup]\nleft: [space, f5]\nmap: đ\n"} {
		before, err := keysIn(t, text)
		if err != nil {
			t.Fatal(err)
		}
		printed := WriteKeys(before)
		after, err := keysIn(t, printed)
		if err != nil {
			t.Fatalf("%v in\n%s", err, printed)
		}
		if again := WriteKeys(after); again != printed {
			t.Errorf("it became\n%s", again)
		}
		was, is := makeKeys(before), makeKeys(after)
		for i := range was {
			if !slices.Equal(was[i].Keys(), is[i].Keys()) {
				t.Errorf("%s has %q, want %q", was[i].action(), is[i].Keys(), was[i].Keys())
			}
		}
	}
	if none, err := keysIn(t, "# nothing\n"); err != nil || len(none) != 0 {
		t.Errorf("an empty file: %v, %v", none, err)
	}
}

// The keys in force act, the former ones do not, and help and hints name the
// new ones.
func TestKeysInForce(t *testing.T) {
	t.Parallel()
	changed := mustKeys(t, "plate: f4\nclass: [v, V]\npaper: []\nmap: \"%\"\ndiscount: alt+d\nleft: [space, f5]\nlanguage: f3\nsearch: ctrl+f\nlanes: [pgdown, pgup]\n")
	m, d, clock := console(matchedOut(offeredIn(idleView())), 80, 24, changed)
	checkGolden(t, "keymap_80x24", m, 80, 24)
	press(m, clock, "c", "e", "/", "g")
	if m.top() != nil || len(d.calls) > 0 {
		t.Fatalf("former keys act: %q, %T", d.calls, m.top())
	}
	press(m, clock, "v")
	if !slices.Equal(d.calls, []string{"class 1 aaaaaaaa motorbike"}) {
		t.Errorf("the new key asks %q", d.calls)
	}
	press(m, clock, "%")
	if _, is := m.top().(*siteMap); !is {
		t.Errorf("the map's new key opens %T", m.top())
	}
	if press(m, clock, "%"); m.top() != nil {
		t.Error("the map's new key does not close it")
	}
	press(m, clock, "?")
	checkGolden(t, "keymap_help_80x24", m, 80, 24)
	press(m, clock, "esc")
	if press(m, clock, "f2"); m.lang != "vi" {
		t.Error("F2 switches the language still")
	}
	if press(m, clock, "f3"); m.lang != "en" {
		t.Error("F3 does not switch the language")
	}
	six, d, clock := console(sixLanes(matchedOut(offeredIn(idleView()))), 80, 24, changed)
	press(six, clock, "pgdown", "pgdown", "pgup", "f5")
	if !slices.Equal(d.calls, []string{"accept 3 aaaaaaaa"}) {
		t.Errorf("paging leads to %q", d.calls)
	}
}

// A letter that switches the language is a letter where one types.
func TestALetterIsTyped(t *testing.T) {
	t.Parallel()
	m, _, clock := console(idleView(), 80, 24, mustKeys(t, "language: L\n"))
	press(m, clock, "/", "L")
	if m.lang != "vi" || typingIn(m.top()).text() != "L" {
		t.Errorf("language %s, typed %q", m.lang, typingIn(m.top()).text())
	}
	press(m, clock, "esc", "L")
	if m.lang != "en" {
		t.Error("it does not switch on the main screen")
	}
}

// Every key that a text names is one of an action, the same in both languages.
func TestTextsNameActions(t *testing.T) {
	t.Parallel()
	named, m := regexp.MustCompile(`\{(\w*)\}?`), &model{keys: usualKeys()}
	actions := func(s string) (out []string) {
		for _, found := range named.FindAllStringSubmatch(s, -1) {
			out = append(out, found[1])
		}
		return out
	}
	seen := 0
	for _, k := range words.Keys() {
		if !strings.HasPrefix(k, "console.") {
			continue
		}
		vi, en := actions(words.T(words.Vi, k)), actions(words.T(words.En, k))
		if !slices.Equal(vi, en) {
			t.Errorf("%s names %q in Vietnamese and %q in English", k, vi, en)
		}
		for _, a := range en {
			seen++
			if len(m.keyOf(a).Keys()) == 0 {
				t.Errorf("%s: there is no action %q", k, a)
			}
		}
	}
	if seen < 25 {
		t.Errorf("only %d keys are named", seen)
	}
	if got := ansi.Strip(m.withKeys("100 {discount} {nothing", true)); got != "100 %% –" {
		t.Errorf("%q", got)
	}
}
