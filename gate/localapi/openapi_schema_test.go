package localapi_test

import (
	"encoding"
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// schemas makes the schemas of Go types as they travel: shape from the types,
// words from their comments.
type schemas struct {
	made  map[string]any
	names map[string]reflect.Type
	words map[string]string   // by package.Type and package.Type.Field
	enums map[string][]string // by package.Type: the values of its constants
}

func newSchemas(t *testing.T) *schemas {
	t.Helper()
	s := &schemas{made: map[string]any{}, names: map[string]reflect.Type{}, words: map[string]string{}, enums: map[string][]string{}}
	for _, dir := range []string{".", "../lane", "../device", "../state", "../../parking", "../../vision", "../../internal/wire"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no sources in %s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range f.Decls {
				if d, ok := decl.(*ast.GenDecl); ok {
					s.learn(f.Name.Name, d)
				}
			}
		}
	}
	return s
}

// learn takes the comments of types and fields, and the constants of a type.
func (s *schemas) learn(pkg string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			if of, ok := spec.Type.(*ast.Ident); ok && d.Tok == gotoken.CONST && len(spec.Values) == 1 {
				if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == gotoken.STRING {
					if text, err := strconv.Unquote(value.Value); err == nil {
						s.enums[pkg+"."+of.Name] = append(s.enums[pkg+"."+of.Name], text)
					}
				}
			}
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil {
				doc = d.Doc
			}
			s.words[pkg+"."+spec.Name.Name] = sentence(doc)
			if fields, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range fields.Fields.List {
					text := sentence(field.Doc)
					if text == "" {
						text = sentence(field.Comment)
					}
					for _, name := range field.Names {
						s.words[pkg+"."+spec.Name.Name+"."+name.Name] = text
					}
				}
			}
		}
	}
}

func sentence(c *ast.CommentGroup) string {
	return strings.Join(strings.Fields(c.Text()), " ")
}

// closed are the types whose constants are all the values that there are.
var closed = []reflect.Type{
	reflect.TypeFor[parking.Code](), reflect.TypeFor[parking.Direction](), reflect.TypeFor[parking.StayState](),
	reflect.TypeFor[lane.Stage](), reflect.TypeFor[lane.LinkState](), reflect.TypeFor[lane.TicketPrint](), reflect.TypeFor[device.ShownKind](),
}

// of is the schema of a type; structs go to components.
func (s *schemas) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[uuid.UUID]():
		return map[string]any{"type": "string", "format": "uuid"}
	case t == reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem())
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return map[string]any{"$ref": "#/components/schemas/" + s.component(t)}
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string", "contentEncoding": "base64"}
		}
		array := map[string]any{"type": "array", "items": s.of(t.Elem())}
		if t.Kind() == reflect.Array {
			array["minItems"], array["maxItems"] = float64(t.Len()), float64(t.Len())
		}
		return array
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.String:
		text := map[string]any{"type": "string"}
		for _, c := range closed {
			if c == t {
				var values []any
				for _, v := range s.enums[t.String()] {
					values = append(values, v)
				}
				text["enum"] = values
			}
		}
		return text
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Interface:
		return map[string]any{}
	}
	return map[string]any{"type": "integer"}
}

// component makes the schema of a struct and returns its name.
func (s *schemas) component(t reflect.Type) string {
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if other, taken := s.names[name]; taken && other != t {
		pkg := path.Base(t.PkgPath())
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	if _, done := s.names[name]; done {
		return name
	}
	s.names[name] = t
	object := map[string]any{"type": "object", "additionalProperties": false}
	if text := s.words[t.String()]; text != "" {
		object["description"] = text
	}
	properties, required := map[string]any{}, []any{}
	asked := strings.HasSuffix(name, "Request") // nothing of a request must be there for it to be read
	s.fields(t, properties, &required, asked)
	object["properties"] = properties
	if len(required) > 0 && !asked {
		object["required"] = required
	}
	s.made[name] = object
	return name
}

func (s *schemas) fields(t reflect.Type, properties map[string]any, required *[]any, asked bool) {
	for field := range fieldsOf(t) {
		tag := field.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if field.Anonymous && name == "" {
			s.fields(field.Type, properties, required, asked)
			continue
		}
		if !field.IsExported() || tag == "-" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		schema := s.of(field.Type)
		always := !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero")
		kind := field.Type.Kind()
		if always && !asked && (kind == reflect.Pointer || kind == reflect.Slice || kind == reflect.Map) {
			schema = orNull(schema)
		}
		if text := s.words[t.String()+"."+field.Name]; text != "" {
			schema["description"] = text
		}
		properties[name] = schema
		if always {
			*required = append(*required, name)
		}
	}
}

func orNull(schema map[string]any) map[string]any {
	if kind, ok := schema["type"].(string); ok {
		schema["type"] = []any{kind, "null"}
		return schema
	}
	return map[string]any{"anyOf": []any{schema, map[string]any{"type": "null"}}}
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}
