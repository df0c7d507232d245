package pipeline

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/internal/shareddata"
	"gatehouse/vision"
	"gatehouse/vision/bench"
	"gatehouse/vision/models"
)

// photograph is a picture with its truth.
type photograph struct {
	set, name, truth string
	data             []byte
	odd              bool // SHA-256 of the file is odd: kept for reporting
}

// loadPhotographs reads the pictures of the sets but those whose label is known to
// be wrong. They lie beside the checkout and not in it; shareddata says when a test may do without.
func loadPhotographs(t testing.TB, sets ...string) []photograph {
	t.Helper()
	photographs := filepath.Join(shareddata.Dir(t), "plates")
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
			if bench.WrongLabel(data) == "" {
				all = append(all, photograph{set, row[0], row[1], data, bench.Odd(data)})
			}
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
func count(f *models.Figures, reading vision.Reading, truth string) {
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
