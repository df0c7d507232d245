package passes

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/parking"
)

// Bounds of a file that is imported.
const (
	MaxFile    = 1 << 20 // bytes
	MaxRows    = 5000    // beside its head
	maxBadRows = 100     // that are told of one by one
	maxCell    = 4096    // bytes in one cell
)

// BadRow is a row of a file that was refused, and why.
type BadRow struct {
	Line int
	Why  string
}

// BadFile is what is wrong with the rows of a file. Nothing of it was written.
type BadFile struct {
	Rows []BadRow
	More int // further ones
}

// Error says how many rows are wrong, and what with the first few.
func (b *BadFile) Error() string {
	var some []string
	for _, r := range b.Rows[:min(len(b.Rows), 10)] {
		some = append(some, fmt.Sprintf("line %d: %s", r.Line, r.Why))
	}
	return fmt.Sprintf("%d rows cannot be taken; nothing was written. %s", len(b.Rows)+b.More, strings.Join(some, " "))
}

// Unwrap is the refusal as which it is answered.
func (b *BadFile) Unwrap() error { return parking.Errorf(parking.Invalid, "%s", b.Error()) }

func (b *BadFile) add(line int, err error) {
	if len(b.Rows) < maxBadRows {
		b.Rows = append(b.Rows, BadRow{Line: line, Why: parking.ErrorMessage(err)})
		return
	}
	b.More++
}

func (b *BadFile) orNil() error {
	if len(b.Rows) == 0 {
		return nil
	}
	return b
}

// table is a file whose head was understood.
type table struct {
	columns []string
	rows    []row
}

type row struct {
	line  int
	cells map[string]string
}

// readTable reads CSV with a head. Columns that are not known, or needed and
// missing, refuse the whole file; what is wrong with one row is told in bad.
// Spreadsheets write a mark at the begin and, in some countries, semicolons.
func readTable(file []byte, needed, optional []string, bad *BadFile) (*table, error) {
	switch {
	case len(file) > MaxFile:
		return nil, parking.Errorf(parking.TooLarge, "The file has more than %d bytes. Split it.", MaxFile)
	case !utf8.Valid(file) || bytes.ContainsRune(file, 0):
		return nil, parking.Errorf(parking.Invalid, "The file is not text in UTF-8. Save it as CSV, UTF-8.")
	}
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(file))
	head, _, _ := bytes.Cut(file, []byte("\n"))
	if bytes.ContainsRune(head, ';') && !bytes.ContainsRune(head, ',') {
		r.Comma = ';'
	}
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	t := new(table)
	names, err := r.Read()
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The file has no first line with the names of its columns: %s.", strings.Join(needed, ", "))
	}
	if err := t.head(names, needed, optional); err != nil {
		return nil, err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			line := 1
			var broken *csv.ParseError
			if errors.As(err, &broken) {
				line = broken.Line
			}
			bad.add(line, parking.Errorf(parking.Invalid, "From here on the file cannot be read as CSV: a quotation mark is not closed, or stands where none may be."))
			return t, nil
		}
		if len(t.rows) == MaxRows {
			return nil, parking.Errorf(parking.TooLarge, "The file has more than %d rows. Split it.", MaxRows)
		}
		line, _ := r.FieldPos(0)
		t.take(line, cells, bad)
	}
}

func (t *table) head(names, needed, optional []string) error {
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(needed, name) && !slices.Contains(optional, name) || slices.Contains(t.columns, name) {
			return parking.Errorf(parking.Invalid, "The first line names the columns, each once: %s; and if you like %s. %q is none of them.",
				strings.Join(needed, ", "), strings.Join(optional, ", "), shorten(name))
		}
		t.columns = append(t.columns, name)
	}
	for _, name := range needed {
		if !slices.Contains(t.columns, name) {
			return parking.Errorf(parking.Invalid, "The column %s is missing in the first line.", name)
		}
	}
	return nil
}

func (t *table) take(line int, cells []string, bad *BadFile) {
	if len(cells) != len(t.columns) {
		bad.add(line, parking.Errorf(parking.Invalid, "There are %d cells, not %d as in the first line.", len(cells), len(t.columns)))
		return
	}
	r := row{line: line, cells: map[string]string{}}
	for i, text := range cells {
		if len(text) > maxCell {
			bad.add(line, parking.Errorf(parking.Invalid, "A cell is longer than anything that belongs here."))
			return
		}
		r.cells[t.columns[i]] = strings.TrimSpace(text)
	}
	t.rows = append(t.rows, r)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return s
}
