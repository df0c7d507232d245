// Package words is the catalogue of what people read on screens and pages, in
// Vietnamese and English. A text has a key ("console.in"), found by T; every
// key has both languages and the same arguments in both, which a test holds.
// Each area (the console, a group of pages) keeps its texts in its own file.
package words

import (
	"fmt"
	"maps"
	"slices"
)

// The languages of the product. Any other value reads as English.
const (
	Vi = "vi"
	En = "en"
)

// text is one entry in both languages; with arguments it is a format of fmt,
// whose order a language may change with explicit indexes (%[2]s).
type text struct{ vi, en string }

// area is the texts of one part of the product, by key.
type area map[string]text

// catalogue is all areas together. A key in two areas would hide a text; a
// test keeps them apart.
var catalogue = merge(areas())

func areas() []area {
	return append([]area{
		common, console, consoleDialogs, consoleTroubles, consoleConflicts, consolePaper, consoleShifts, consolePasses, consoleTokens, consoleDiscount, tickets, signs,
		receipts, consoleReceipts, consoleSettings, consoleLock, consoleMessages, consoleTakeBack, setup,
	}, pages...)
}

func merge(all []area) area {
	out := area{}
	for _, a := range all {
		maps.Copy(out, a)
	}
	return out
}

// T returns the text of key in lang, with args filled in. An unknown key
// returns itself, so that a missing text is seen and nothing breaks.
func T(lang, key string, args ...any) string {
	t, ok := catalogue[key]
	if !ok {
		return key
	}
	s := t.en
	if lang == Vi {
		s = t.vi
	}
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// Has says whether key is in the catalogue.
func Has(key string) bool {
	_, ok := catalogue[key]
	return ok
}

// Keys lists every key, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(catalogue)) }

// Other is the language that a switch changes to.
func Other(lang string) string {
	if lang == Vi {
		return En
	}
	return Vi
}
