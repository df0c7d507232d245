package tui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"gatehouse/gate/settings"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// lasting are the keys that stay what they are whatever a key map says: a guard
// who comes from another gate must find out, leave, and let vehicles through.
var lasting = map[string]string{"esc": "clear", "?": "help", "space": "left", "enter": "right", "ctrl+c": "quit"}

// picking is the action of the digits, which is no key map's: they are numbered
// on the screen.
const picking = "pick"

// action is a binding's name in a key map.
func (b *binding) action() string { return strings.TrimPrefix(b.does, "help.") }

// makeKeys are the keys of the main screen by a key map, nil for the usual ones.
func makeKeys(by settings.Keys) []binding {
	out := usualKeys()
	for i := range out {
		keys, said := by[out[i].action()]
		if said && !slices.Equal(keys, out[i].Keys()) {
			out[i].Binding, out[i].label = key.NewBinding(key.WithKeys(keys...)), ""
		}
	}
	return out
}

// keyOf is the binding of an action.
func (m *model) keyOf(action string) *binding {
	for i := range m.keys {
		if m.keys[i].action() == action {
			return &m.keys[i]
		}
	}
	return &binding{}
}

// isKey says whether msg is a key of an action.
func (m *model) isKey(msg tea.KeyPressMsg, action string) bool {
	return key.Matches(msg, m.keyOf(action).Binding)
}

// withKeys fills the keys in force into a text of the catalogue, for {action};
// format says that the text goes to fmt after that.
func (m *model) withKeys(text string, format bool) string {
	head, rest, found := strings.Cut(text, "{")
	if !found {
		return text
	}
	var b strings.Builder
	for ; found; head, rest, found = strings.Cut(rest, "{") {
		b.WriteString(head)
		action, after, _ := strings.Cut(rest, "}")
		name := m.keyName(*m.keyOf(action))
		if format {
			name = strings.ReplaceAll(name, "%", "%%")
		}
		b.WriteString(name)
		rest = after
	}
	b.WriteString(head)
	return b.String()
}

// CheckKeys makes a key map of what stands in the file called name. It refuses
// with a sentence that names line and action what is no action or no key, what is
// said twice, and what would take away Esc, ?, Space, Enter or Ctrl-C.
func CheckKeys(name string, lines []settings.KeyLine) (settings.Keys, error) {
	wrong := func(l settings.KeyLine, format string, args ...any) (settings.Keys, error) {
		return nil, parking.Errorf(parking.Invalid, "%s, line %d: %s", name, l.Line, fmt.Sprintf(format, args...))
	}
	usual := map[string][]string{}
	for _, b := range usualKeys() {
		usual[b.action()] = b.Keys()
	}
	at := map[string]settings.KeyLine{} // by action
	out := settings.Keys{}
	for _, l := range lines {
		was, twice := at[l.Action]
		_, known := usual[l.Action]
		switch {
		case l.Action == picking:
			return wrong(l, "the digits 1 to 9 pick, and cannot be changed.")
		case !known:
			return wrong(l, "there is no action %q; gate keys prints them all.", l.Action)
		case twice:
			return wrong(l, "%s has its keys from line %d already.", l.Action, was.Line)
		}
		at[l.Action] = l
		for _, k := range l.Keys {
			if !isKeyName(k) {
				return wrong(l, "%q of %s is no key; write a letter or sign, a name like f5, tab or pgup, or one with ctrl+ or alt+ before it.", k, l.Action)
			}
			if owner := lasting[k]; owner != "" && owner != l.Action {
				return wrong(l, "%s stays the key of %s, and cannot be one of %s.", k, owner, l.Action)
			}
		}
		out[l.Action] = l.Keys
	}
	for _, k := range slices.Sorted(maps.Keys(lasting)) {
		action := lasting[k]
		if l, said := at[action]; said && !slices.Contains(l.Keys, k) {
			return wrong(l, "%s keeps the key %s; write others beside it.", action, k)
		}
	}
	return out, keysOnce(name, usual, at)
}

// keysOnce refuses a key that two actions have.
func keysOnce(name string, usual map[string][]string, at map[string]settings.KeyLine) error {
	owner := map[string]string{}
	for _, action := range slices.Sorted(maps.Keys(usual)) {
		if _, said := at[action]; said {
			continue
		}
		for _, k := range usual[action] {
			owner[k] = action
		}
	}
	said := slices.SortedFunc(maps.Values(at), func(a, b settings.KeyLine) int { return a.Line - b.Line })
	for _, l := range said {
		for _, k := range l.Keys {
			switch other := owner[k]; {
			case other == "":
				owner[k] = l.Action
			case other == l.Action:
				return parking.Errorf(parking.Invalid, "%s, line %d: %s has the key %s twice.", name, l.Line, l.Action, k)
			case at[other].Line > 0:
				return parking.Errorf(parking.Invalid, "%s, line %d: %s is a key of %s (line %d) already, and cannot be one of %s too.", name, l.Line, k, other, at[other].Line, l.Action)
			default:
				return parking.Errorf(parking.Invalid, "%s, line %d: %s is the usual key of %s, and cannot be one of %s too; give %s another one.", name, l.Line, k, other, l.Action, other)
			}
		}
	}
	return nil
}

// keyNames are the keys that are no letters or signs.
var keyNames = []string{
	"space", "enter", "tab", "esc", "backspace", "insert", "delete", "home", "end", "pgup", "pgdown", "up", "down", "left", "right",
}

// isKeyName says whether a terminal can send a key that is called k.
func isKeyName(k string) bool {
	bare, held := k, false
	for _, mod := range []string{"ctrl+", "alt+", "shift+"} { // in the order in which they are told
		if after, has := strings.CutPrefix(bare, mod); has && after != "" {
			bare, held = after, true
		}
	}
	if slices.Contains(keyNames, bare) {
		return true
	}
	if n, is := strings.CutPrefix(bare, "f"); is && n != "" {
		i, err := strconv.Atoi(n)
		return err == nil && i >= 1 && i <= 20 && n == strconv.Itoa(i)
	}
	r, size := utf8.DecodeRuneInString(bare)
	if size != len(bare) || r == utf8.RuneError || r == ' ' || !unicode.IsPrint(r) {
		return false
	}
	return !held || !unicode.IsUpper(r)
}

// WriteKeys writes the key map in force as a file that CheckKeys takes.
func WriteKeys(by settings.Keys) string {
	var b strings.Builder
	b.WriteString("# Keys of the console. Change what is to differ and leave the rest out;\n" +
		"# gate run takes this file as keys.yaml of the data folder, or with --keys.\n" +
		"# Esc, ?, space, enter and ctrl+c stay what they are, and so do the digits 1 to 9.\n" +
		"# The second key of lanes goes back.\n")
	group := ""
	for _, l := range makeKeys(by) {
		if l.action() == picking {
			continue
		}
		if l.group != group {
			group = l.group
			fmt.Fprintf(&b, "\n# %s\n", words.T(words.En, "console."+group))
		}
		var keys []string
		for _, k := range l.Keys() {
			keys = append(keys, strconv.Quote(k))
		}
		value := "[" + strings.Join(keys, ", ") + "]"
		if len(keys) == 1 {
			value = keys[0]
		}
		fmt.Fprintf(&b, "%-28s # %s\n", l.action()+": "+value, words.T(words.En, "console."+l.does))
	}
	return b.String()
}
