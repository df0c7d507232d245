package tariffs

import (
	"encoding"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatehouse/parking"
)

// field is what must hold for a place of the document before it is decoded.
// In its path, * stands for every key of a map or item of a list.
type field struct {
	path     string
	required bool                            // when what is around it is there
	unit     func() encoding.TextUnmarshaler // how its text reads; nil for any
}

func minutes() encoding.TextUnmarshaler   { return new(parking.Minutes) }
func clockTime() encoding.TextUnmarshaler { return new(parking.ClockTime) }
func number() encoding.TextUnmarshaler    { return new(whole) }
func localDate() encoding.TextUnmarshaler { return new(parking.LocalDate) }

// whole is a whole number. The YAML library would cut 5000.5 to 5000.
type whole int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *whole) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return parking.Errorf(parking.Invalid, "%q is not a whole number.", b)
	}
	*w = whole(n)
	return nil
}

var fields = []field{
	{"id", true, nil},
	{"currency", true, nil},
	{"timezone", true, nil},
	{"classes", true, nil},
	{"version", false, number},
	{"rounding", false, number},
	{"grace", false, minutes},
	{"exit_window", false, minutes},
	{"quote_hold", false, minutes},
	{"classes.*.blocks.first", true, nil},
	{"classes.*.blocks.first.length", true, minutes},
	{"classes.*.blocks.first.price", true, number},
	{"classes.*.blocks.then", true, nil},
	{"classes.*.blocks.then.length", true, minutes},
	{"classes.*.blocks.then.price", true, number},
	{"classes.*.lost_ticket", false, number},
	{"classes.*.cap.per", true, nil},
	{"classes.*.cap.price", true, number},
	{"classes.*.turns.*.name", true, nil},
	{"classes.*.turns.*.from", true, clockTime},
	{"classes.*.turns.*.to", true, clockTime},
	{"classes.*.turns.*.price", true, number},
	{"classes.*.together.*.of", true, nil},
	{"classes.*.together.*.price", true, number},
	{"holidays.dates", true, nil},
	{"holidays.dates.*", false, localDate},
	{"holidays.percent", true, number},
	{"discounts.*.percent", false, number},
	{"discounts.*.amount", false, number},
}

// check says which field is missing or cannot be read.
func check(document any) error {
	if _, ok := document.(map[string]any); !ok {
		return parking.Errorf(parking.Invalid, "The file is no tariff: it must begin with names such as id and classes.")
	}
	for _, f := range fields {
		if err := f.check(document, "", strings.Split(f.path, ".")); err != nil {
			return err
		}
	}
	return nil
}

func (f field) check(value any, at string, path []string) error {
	if len(path) == 0 {
		return f.read(value, at)
	}
	switch around := value.(type) {
	case map[string]any:
		if path[0] == "*" {
			for _, key := range slices.Sorted(maps.Keys(around)) {
				if err := f.check(around[key], join(at, key), path[1:]); err != nil {
					return err
				}
			}
			return nil
		}
		inner, ok := around[path[0]]
		if !ok || inner == nil {
			if f.required && len(path) == 1 {
				return parking.Errorf(parking.Invalid, "Tariff: %s is missing.", join(at, path[0]))
			}
			return nil
		}
		return f.check(inner, join(at, path[0]), path[1:])
	case []any:
		if path[0] != "*" {
			return nil
		}
		for i, item := range around {
			if err := f.check(item, fmt.Sprintf("%s[%d]", at, i), path[1:]); err != nil {
				return err
			}
		}
	}
	return nil // of another shape: decoding refuses it with its line
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func (f field) read(value any, at string) error {
	if f.unit == nil {
		return nil
	}
	if err := f.unit().UnmarshalText([]byte(fmt.Sprint(value))); err != nil {
		return parking.Errorf(parking.Invalid, "Tariff: %s: %s", at, parking.ErrorMessage(err))
	}
	return nil
}
