package tariffs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"gatehouse/parking"
)

// Parse reads and validates a tariff in YAML (or JSON, which is YAML). Unknown
// and repeated keys are errors, and so is a price or a time that is left out:
// it would silently be 0. Every error is a parking.Error that names the place.
func Parse(b []byte) (*parking.Tariff, error) {
	document, err := parse(b)
	if err != nil {
		return nil, err
	}
	var raw any
	if err := decode(document, &raw); err != nil {
		return nil, err
	}
	if err := check(raw); err != nil {
		return nil, err
	}
	t := parking.Tariff{Rounding: 1, ExitWindow: parking.DefaultExitWindow, QuoteHold: parking.DefaultQuoteHold}
	if err := decode(document, &t); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return &t, nil
}

// Limits of a document. The YAML library takes time in the square of the
// length, and more for what nests deeply; within these it stays below seconds
// for the worst that fuzzing found.
const (
	MaxBytes = 32 << 10
	maxDepth = 32 // of brackets; a tariff needs five
)

// parse reads the one document in b.
func parse(b []byte) (node ast.Node, err error) {
	if len(b) > MaxBytes {
		return nil, parking.Errorf(parking.TooLarge, "The document is longer than %d bytes.", MaxBytes)
	}
	depth := 0
	for _, c := range b {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth > maxDepth {
			return nil, parking.Errorf(parking.Invalid, "The file cannot be read: it opens more than %d brackets within each other.", maxDepth)
		}
	}
	defer recoverParser(&err)
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, unreadable(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, parking.Errorf(parking.Invalid, "The file must hold exactly one YAML document.")
	}
	plain := &plainOnly{}
	ast.Walk(plain, file.Docs[0].Body)
	if plain.found != "" {
		return nil, parking.Errorf(parking.Invalid, "The file cannot be read: %s are not allowed in it.", plain.found)
	}
	return file.Docs[0].Body, nil
}

// plainOnly looks for what makes a short document a huge one, or one that
// reads differently from how it looks.
type plainOnly struct{ found string }

// Visit implements ast.Visitor.
func (p *plainOnly) Visit(n ast.Node) ast.Visitor {
	switch n.Type() {
	case ast.AnchorType, ast.AliasType:
		p.found = "anchors and aliases (& and *)"
	case ast.MergeKeyType:
		p.found = "merge keys (<<)"
	case ast.TagType:
		p.found = "tags (!)"
	}
	return p
}

func decode(document ast.Node, into any) (err error) {
	defer recoverParser(&err)
	if err := yaml.NodeToValue(document, into, yaml.Strict()); err != nil {
		return unreadable(err)
	}
	return nil
}

// recoverParser makes a refusal of a panic: the YAML library is not ours, and
// a file that trips it must not stop a gate.
func recoverParser(err *error) {
	if r := recover(); r != nil {
		*err = parking.Errorf(parking.Invalid, "The file cannot be read as YAML.")
	}
}

// unreadable makes a sentence of what the YAML library says, with the line.
func unreadable(err error) error {
	var ours *parking.Error
	if errors.As(err, &ours) {
		return parking.Errorf(parking.Invalid, "The file cannot be read: %s", ours.Message)
	}
	message, place := err.Error(), ""
	var theirs yaml.Error
	if errors.As(err, &theirs) {
		message = theirs.GetMessage()
		if t := theirs.GetToken(); t != nil && t.Position != nil {
			place = fmt.Sprintf("line %d, column %d: ", t.Position.Line, t.Position.Column)
		}
	}
	message, _, _ = strings.Cut(message, "\n")
	return parking.Errorf(parking.Invalid, "The file cannot be read: %s%s.", place, message)
}
