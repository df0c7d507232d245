package settings_test

import (
	"strings"
	"testing"

	"gatehouse/gate/settings"
	"gatehouse/parking"
)

func FuzzParseKeys(f *testing.F) {
	for _, text := range []string{"", "search: f3\nqr: [q, Q]\n", "a: &b c\nd: *b\n", "? [a]: b", "{a: 1, b: y}", "a: |\n  x\n", "---\na: b\n---\nc: d"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := settings.ParseKeys("keys.yaml", data)
		if err != nil {
			if says := parking.ErrorMessage(err); parking.ErrorCode(err) == parking.Internal || strings.Contains(says, "\n") {
				t.Errorf("%q", says)
			}
			return
		}
		for _, l := range lines {
			if l.Line < 1 || l.Keys == nil {
				t.Errorf("%+v of %q", l, data)
			}
		}
	})
}

func TestKeysFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	if _, err := settings.ReadKeys(t.TempDir()); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("%v", err)
	}
}
