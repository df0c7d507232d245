// Package bench measures how well and how fast plates are read on folders of
// pictures whose truth is known. Engines are vision workers (processes of their
// own, so that the memory of each is known); every engine reads a picture before
// any reads the next, so that all meet the same machine.
//
// A picture's score is 1 when its best reading, read or unsure, equals the truth
// after both are in upper case and hold nothing but letters and digits. One
// answer a picture, no hints but the folder's grammar.
package bench

import (
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"gatehouse/parking"
	"gatehouse/vision"
)

// TruthFile is the table in a folder of pictures: file, plate, and where the
// plate is (not used).
const TruthFile = "truth.csv"

// maxPictures bounds the rows of a truth file.
const maxPictures = 100_000

// Picture is one picture with its truth.
type Picture struct {
	File  string // name within the folder
	Truth string // as in the truth file
	Odd   bool   // no threshold was chosen on it
}

// Folder is a set of pictures.
type Folder struct {
	Dir      string
	Name     string // the last part of Dir
	Country  string // grammar that its plates are read under: "vn" where the name begins so, else "any"
	Loose    bool   // its truth mixes 0 with O and 1 with I, which are counted equal
	Pictures []Picture
	LeftOut  []LeftOut
}

// LeftOut is a picture that is not measured, because its truth is known to be wrong.
type LeftOut struct {
	Picture
	Why string
}

// Load reads a folder's truth file and looks at its pictures; those whose label is
// known to be wrong are left out. The error is NotFound without a truth file or a
// picture, Invalid when it is not understood or holds no picture.
func Load(dir string) (Folder, error) {
	f := Folder{Dir: dir, Name: filepath.Base(filepath.Clean(dir)), Country: "any"}
	if strings.HasPrefix(f.Name, "vn") {
		f.Country = "vn"
	}
	file, err := os.Open(filepath.Join(dir, TruthFile))
	if err != nil {
		return f, parking.Errorf(parking.NotFound, "The folder %s has no %s that can be read.", dir, TruthFile)
	}
	defer func() { _ = file.Close() }() // only read
	pictures, err := parseTruth(file)
	if err != nil {
		return f, err
	}
	for _, p := range pictures {
		data, err := f.read(p)
		if err != nil {
			return f, err
		}
		p.Odd = Odd(data)
		if why := WrongLabel(data); why != "" {
			f.LeftOut = append(f.LeftOut, LeftOut{p, why})
			continue
		}
		f.Pictures = append(f.Pictures, p)
	}
	return f, nil
}

// parseTruth reads a table whose first row names its columns, "file" and "plate"
// among them.
func parseTruth(r io.Reader) ([]Picture, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = -1
	bad := func(why string) error {
		return parking.Errorf(parking.Invalid, "The %s is not understood: %s.", TruthFile, why)
	}
	head, err := rows.Read()
	if err != nil {
		return nil, bad("it has no head")
	}
	file, plate := slices.Index(head, "file"), slices.Index(head, "plate")
	if file < 0 || plate < 0 {
		return nil, bad("it has no columns file and plate")
	}
	var pictures []Picture
	for len(pictures) <= maxPictures {
		row, err := rows.Read()
		switch {
		case err == io.EOF && len(pictures) == 0:
			return nil, bad("it names no picture")
		case err == io.EOF:
			return pictures, nil
		case err != nil || len(row) <= max(file, plate):
			return nil, bad("a row is cut off")
		case !filepath.IsLocal(row[file]):
			return nil, bad("a file lies outside of its folder")
		}
		pictures = append(pictures, Picture{File: row[file], Truth: row[plate]})
	}
	return nil, bad("it has too many rows")
}

// OnlyOdd leaves only the pictures whose SHA-256 is odd: those that a threshold
// was not chosen on.
func (f *Folder) OnlyOdd() {
	f.Pictures = slices.DeleteFunc(f.Pictures, func(p Picture) bool { return !p.Odd })
}

// read reads a picture, at most one byte more than one may have.
func (f *Folder) read(p Picture) ([]byte, error) {
	file, err := os.Open(filepath.Join(f.Dir, p.File))
	if err != nil {
		return nil, parking.Errorf(parking.NotFound, "The picture %s of the folder %s cannot be opened.", p.File, f.Name)
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, vision.MaxPictureBytes+1))
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The picture %s of the folder %s cannot be read.", p.File, f.Name)
	}
	return data, nil
}

// Bare is a plate as it is compared: upper case, letters and digits only; with
// loose, O is 0 and I is 1.
func Bare(plate string, loose bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case loose && r == 'O':
			return '0'
		case loose && r == 'I':
			return '1'
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		}
		return -1
	}, strings.ToUpper(plate))
}
