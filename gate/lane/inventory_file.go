package lane

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"gatehouse/parking"
)

// MaxWalkFile bounds the file of a walk, in bytes.
const MaxWalkFile = 1 << 20

// ReadWalk reads what a walk found from CSV (comma or semicolon, as
// spreadsheets save it). The first line names the columns, in any order:
// class, and plate, slot or token as far as they are known. Errors name the line.
func ReadWalk(r io.Reader) ([]parking.FoundInventory, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxWalkFile+1))
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The list cannot be read: %v.", err)
	}
	if len(text) > MaxWalkFile {
		return nil, parking.Errorf(parking.TooLarge, "The list is larger than 1 MB.")
	}
	head, _, _ := strings.Cut(string(text), "\n")
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	if strings.Count(head, ";") > strings.Count(head, ",") {
		in.Comma = ';'
	}
	in.TrimLeadingSpace, in.FieldsPerRecord = true, 0
	names, err := in.Read()
	if err != nil {
		return nil, badWalk(err)
	}
	columns, err := walkColumns(names)
	if err != nil {
		return nil, err
	}
	var out []parking.FoundInventory
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, badWalk(err)
		}
		line, _ := in.FieldPos(0)
		if len(out) == MaxWalk {
			return nil, parking.Errorf(parking.TooLarge, "One walk has at most %d vehicles; split the list at line %d.", MaxWalk, line)
		}
		f, err := foundOn(row, columns)
		if err != nil {
			return nil, parking.Errorf(parking.Invalid, "Line %d: %s", line, parking.ErrorMessage(err))
		}
		out = append(out, f)
	}
}

func badWalk(err error) error {
	if errors.Is(err, io.EOF) {
		return parking.Errorf(parking.Invalid, "The list is empty; its first line names the columns plate, class, slot, token.")
	}
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		return parking.Errorf(parking.Invalid, "Line %d: %v.", wrong.Line, wrong.Err)
	}
	return parking.Errorf(parking.Invalid, "The list cannot be read: %v.", err)
}

// walkColumns says where each column stands.
func walkColumns(names []string) (map[string]int, error) {
	known := []string{"plate", "class", "slot", "token"}
	columns := map[string]int{}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(known, name) {
			return nil, parking.Errorf(parking.Invalid, "There is no column %q; the first line names plate, class, slot, token.", shorten(name))
		}
		if _, twice := columns[name]; twice {
			return nil, parking.Errorf(parking.Invalid, "The column %s is named twice.", name)
		}
		columns[name] = i
	}
	if _, there := columns["class"]; !there {
		return nil, parking.Errorf(parking.Invalid, "The column class is missing; the first line names plate, class, slot, token.")
	}
	return columns, nil
}

func foundOn(row []string, columns map[string]int) (parking.FoundInventory, error) {
	field := func(name string) string {
		if i, there := columns[name]; there {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	f := parking.FoundInventory{Class: parking.Class(field("class")), Slot: field("slot"), Token: field("token")}
	if err := parking.ValidCode("class", string(f.Class)); err != nil {
		return f, err
	}
	if plate := field("plate"); plate != "" {
		var err error
		if f.Plate, err = parking.ParsePlate(plate); err != nil {
			return f, err
		}
	}
	return f, checkToken(f.Token)
}
