package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestSentence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, in, want string }{
		{Vi, "This plate is inside already.", "Biển này đang ở trong bãi."},
		{En, "This plate is inside already.", "This plate is inside already."},
		{Vi, "N03 was taken just now; N04 is offered instead.", "Ô N03 vừa có xe; gợi ý N04."},
		{Vi, `There is no slot "N99".`, "Không có ô N99."},
		{Vi, "Gate S holds W01 just now.", "Cổng S đang giữ ô W01."},
		{Vi, "Nobody has said this before.", "Nobody has said this before."},
		{Vi, "The plate $1 has not been here.", "Biển $1 chưa từng vào đây."},
		{Vi, "", ""},
	} {
		if got := Sentence(c.lang, c.in); got != c.want {
			t.Errorf("Sentence(%s, %q) = %q, want %q", c.lang, c.in, got, c.want)
		}
	}
}

func mapsOf(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// A sentence whose end is another one's is translated whole.
func TestTheLongerSentenceWins(t *testing.T) {
	t.Parallel()
	got := Sentence(Vi, "Name or password is wrong, or lan has not signed in at this gate before.")
	if want := "Sai tên hay mật khẩu, hoặc lan chưa từng đăng nhập ở cổng này."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSentencesAreWhole(t *testing.T) {
	t.Parallel()
	for en, vi := range mapsOf(fixedSentences, shiftSentences, laneSentences, laterSentences, tokenSentences, receiptSentences, settingsSentences, lockSentences, messageSentences, takeBackSentences) {
		if !strings.HasSuffix(en, ".") || !strings.HasSuffix(vi, ".") || norm.NFC.String(vi) != vi {
			t.Errorf("%q: %q is no whole sentence in NFC", en, vi)
		}
	}
	for _, p := range slices.Concat(valueSentences, shiftValues, tokenValues, receiptValues, signValues, settingsValues, lockValues, messageValues, takeBackValues) {
		values := strings.Count(p[0], "{}")
		if got := strings.Count(p[1], "{"); got != values {
			t.Errorf("%q has %d values, its translation %d", p[0], values, got)
		}
		if filled := strings.ReplaceAll(p[0], "{}", "X9"); strings.Contains(Sentence(Vi, filled), "{") || Sentence(Vi, filled) == filled {
			t.Errorf("%q is not translated: %q", filled, Sentence(Vi, filled))
		}
	}
}

// formatVerb is where a format is filled in.
var formatVerb = regexp.MustCompile(`%[sdq]`)

// filled is a format with a value for each verb.
func filled(format string) string { return formatVerb.ReplaceAllLiteralString(format, "X9") }

// Every sentence that lanes and barriers say to a guard has a translation.
// What only somebody who sets the gate up reads may stay in English.
func TestEverySentenceIsTranslated(t *testing.T) {
	t.Parallel()
	setup := map[string]bool{
		"%s": true, "The address of the barrier %q is not understood.": true,
		"The barrier %q is not understood; write sim:, none: or the http or modbus address of a relay.":                      true,
		"The address of the sensor %q is not understood.":                                                                    true,
		"The sensor %q is not understood; write sim:, api:, motion: or an http or modbus address.":                           true,
		"The Modbus address %q is not understood; write modbus://host:502/%s/NUMBER?unit=1.":                                 true,
		"The reader %q is not understood; write sim:, tcp:HOST:PORT, serial:/dev/…?baud=9600 or evdev:/dev/input/….":         true,
		"The serial line %q is not understood; write serial:/dev/ttyUSB0?baud=9600, with a usual speed from 1200 to 115200.": true,
		"The address %q of a device is not understood; write HOST:PORT.":                                                     true,
		"The printer %q is not understood; write sim:, tcp:HOST:PORT or file:/dev/….":                                        true,
	}
	var files []string
	for _, glob := range []string{"../../gate/lane/*.go", "../../gate/device/*.go"} {
		found, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	count := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			lit, isText := call.Args[1].(*ast.BasicLit)
			if !ok || !isText || fun.Sel.Name != "Errorf" || lit.Kind != token.STRING {
				return true
			}
			sentence, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			count++
			if !setup[sentence] && Sentence(Vi, filled(sentence)) == filled(sentence) {
				t.Errorf("%s: no Vietnamese for %q", name, sentence)
			}
			return true
		})
	}
	if count < 50 {
		t.Errorf("only %d sentences were found", count)
	}
}
