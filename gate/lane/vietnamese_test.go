package lane_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gatehouse/gate/lane"
)

func TestInVietnamese(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]string{
		"Type the plate.": "Hãy gõ biển số.",
		"N08 was taken just now; N07 is offered instead.": "N08 vừa bị lấy; đề nghị N07 thay thế.",
		"₫7,000 is less than the ₫8,000 that is due.":     "₫7,000 ít hơn số phải trả ₫8,000.",
		"₫8,000 is due.":                   "Còn phải trả ₫8,000.",
		"Another gate holds N08 just now.": "Cổng khác đang giữ N08.",
		"Something else.":                  "Something else.",
	} {
		if got := lane.InVietnamese(sentence); got != want {
			t.Errorf("%q: %q, want %q", sentence, got, want)
		}
	}
}

// Every sentence that lanes and barriers say to a guard has a translation.
// What only somebody who sets the gate up reads may stay in English.
func TestEverySentenceIsTranslated(t *testing.T) {
	t.Parallel()
	setup := map[string]bool{
		"%s": true, "The address of the barrier %q is not understood.": true,
		"The barrier %q is not understood; write sim:, none: or the http address of a relay.": true,
	}
	var files []string
	for _, glob := range []string{"*.go", "../device/*.go"} {
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
			if !setup[sentence] && lane.InVietnamese(sentence) == sentence {
				t.Errorf("%s: no Vietnamese for %q", name, sentence)
			}
			return true
		})
	}
	if count < 50 {
		t.Errorf("only %d sentences were found", count)
	}
}
