package words

import (
	"regexp"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// verb finds the verbs of a format, with an explicit index if there is one.
var verb = regexp.MustCompile(`%(\[\d+\])?[-+#0 ]*[\d.]*([a-zA-Z%])`)

func verbs(s string) []string {
	var out []string
	for i, m := range verb.FindAllStringSubmatch(s, -1) {
		if m[2] == "%" {
			continue
		}
		index := m[1]
		if index == "" {
			index = "[" + string(rune('1'+i)) + "]"
		}
		out = append(out, index+m[2])
	}
	slices.Sort(out)
	return out
}

func TestEveryTextHasBothLanguages(t *testing.T) {
	t.Parallel()
	for key, text := range catalogue {
		if text.vi == "" || text.en == "" {
			t.Errorf("%s: a language is missing: %+v", key, text)
		}
		if v, e := verbs(text.vi), verbs(text.en); !slices.Equal(v, e) {
			t.Errorf("%s: arguments differ: %v in Vietnamese, %v in English", key, v, e)
		}
		for _, s := range []string{text.vi, text.en} {
			if !utf8.ValidString(s) || norm.NFC.String(s) != s {
				t.Errorf("%s: %q is not NFC", key, s)
			}
		}
	}
}

func TestAreasDoNotHideEachOther(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, a := range areas() {
		sum += len(a)
	}
	if sum != len(catalogue) {
		t.Errorf("%d texts in all areas, %d in the catalogue: a key is in two areas", sum, len(catalogue))
	}
}

func TestT(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, key, want string }{
		{Vi, "console.in", "VÀO"},
		{En, "console.in", "IN"},
		{"fr", "console.in", "IN"},
		{Vi, "no.such.key", "no.such.key"},
	} {
		if got := T(c.lang, c.key); got != c.want {
			t.Errorf("T(%s, %s) = %q, want %q", c.lang, c.key, got, c.want)
		}
	}
	if Other(Vi) != En || Other(En) != Vi {
		t.Error("Other does not switch")
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d      time.Duration
		vi, en string
	}{
		{-time.Hour, "0 giây", "0 s"},
		{59 * time.Second, "59 giây", "59 s"},
		{61 * time.Second, "1 phút", "1 min"},
		{5*time.Hour + 18*time.Minute, "5 giờ 18 phút", "5 h 18 min"},
		{2 * time.Hour, "2 giờ", "2 h"},
		{48 * time.Hour, "2 ngày", "2 d"},
		{49*time.Hour + 5*time.Minute, "2 ngày 1 giờ", "2 d 1 h"},
	} {
		if got := Duration(Vi, c.d); got != c.vi {
			t.Errorf("Duration(vi, %v) = %q, want %q", c.d, got, c.vi)
		}
		if got := Duration(En, c.d); got != c.en {
			t.Errorf("Duration(en, %v) = %q, want %q", c.d, got, c.en)
		}
	}
}
