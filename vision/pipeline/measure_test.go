package pipeline

import (
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/vision"
)

// Real photographs lie beside the checkout, not in it.
const photographs = "../../../shared/data/plates"

// photograph is a picture with its truth.
type photograph struct {
	set, name, truth string
	data             []byte
	odd              bool // SHA-256 of the file is odd: kept for reporting
}

// loadPhotographs reads the pictures of the sets; it skips the test where the
// folder beside the checkout is absent, and only there.
func loadPhotographs(t *testing.T, sets ...string) []photograph {
	t.Helper()
	if _, err := os.Stat("../../../shared"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("real photographs are not here: ../shared is not beside this checkout")
	}
	var all []photograph
	for _, set := range sets {
		file, err := os.Open(filepath.Join(photographs, set, "truth.csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			data, err := os.ReadFile(filepath.Join(photographs, set, row[0]))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(data)
			all = append(all, photograph{set, row[0], row[1], data, sum[31]&1 == 1})
		}
	}
	return all
}

func newReader(t testing.TB) *Reader {
	t.Helper()
	reader, err := New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	})
	return reader
}

// count puts one reading into the figures.
func (f *Figures) count(reading vision.Reading, truth string) {
	f.Pictures++
	right := string(reading.Plate) == truth
	switch reading.Outcome {
	case vision.OutcomeRead:
		if right {
			f.ReadRight++
		} else {
			f.ReadWrong++
		}
	case vision.OutcomeUnsure:
		f.Unsure++
	default:
		f.None++
	}
	if right {
		f.BestRight++
	}
}
