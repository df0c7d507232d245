package settings

import (
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"gatehouse/parking"
)

// KeysName is the key map in a gate's data folder that is taken when no other
// is named.
const KeysName = "keys.yaml"

// maxKeys bounds a key map, in bytes: the YAML library takes time in the square
// of the length.
const maxKeys = 32 << 10

// Keys are the keys of each action by its name; an action that is not in it has
// its usual ones, one with none has none.
type Keys map[string][]string

// KeyLine is what a key map says of one action.
type KeyLine struct {
	Line   int
	Action string
	Keys   []string
}

// ReadKeys reads a key map as a person writes it:
//
//	search: "/"
//	qr: [q, Q]
//	walk: []       # no key
//
// Which actions and keys there are is not its matter. Errors carry a sentence
// that names the file and the line.
func ReadKeys(path string) ([]KeyLine, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, parking.Errorf(parking.NotFound, "The key map %s cannot be read.", path)
	}
	return ParseKeys(path, data)
}

// ParseKeys is ReadKeys of what stands in a file called name.
func ParseKeys(name string, data []byte) (lines []KeyLine, err error) {
	if len(data) > maxKeys {
		return nil, parking.Errorf(parking.TooLarge, "The key map %s is longer than %d bytes.", name, maxKeys)
	}
	defer func() { // the YAML library is not ours
		if recover() != nil {
			lines, err = nil, parking.Errorf(parking.Invalid, "The key map %s cannot be read as YAML.", name)
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The key map %s cannot be read as YAML: %s", name, yamlPlace(err))
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		entries, ok := mapping(doc.Body)
		if !ok {
			return nil, parking.Errorf(parking.Invalid, "%s, line %d: write ACTION: KEY, as gate keys prints it.", name, lineOf(doc.Body))
		}
		for _, e := range entries {
			l := KeyLine{Line: lineOf(e.Key)}
			if l.Action, ok = scalar(e.Key); ok {
				l.Keys, ok = scalars(e.Value)
			}
			if !ok {
				return nil, parking.Errorf(parking.Invalid, "%s, line %d: write ACTION: KEY, or ACTION: [KEY, KEY].", name, l.Line)
			}
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// yamlPlace is where and why the YAML library refused, in one line.
func yamlPlace(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSuffix(first, ".") + "."
}

func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// scalars are the keys of an action: one, or a list of them.
func scalars(n ast.Node) ([]string, bool) {
	list, is := n.(*ast.SequenceNode)
	if !is {
		one, ok := scalar(n)
		return []string{one}, ok
	}
	out := []string{}
	for _, v := range list.Values {
		one, ok := scalar(v)
		if !ok {
			return nil, false
		}
		out = append(out, one)
	}
	return out, true
}

// scalar is one key as it was written: 1 and y are keys too.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}
