package models

import (
	"fmt"
	"testing"
	"testing/fstest"

	"gatehouse/parking"
)

// Weights without the operating point that was measured for them are refused.
func TestWeightsHaveTheirOperatingPoint(t *testing.T) {
	t.Parallel()
	disk := fstest.MapFS{"weights/plate_detector.onnx": {Data: []byte("finds")}, "weights/plate_reader.onnx": {Data: []byte("reads")}}
	w, err := load(disk)
	if err != nil {
		t.Fatal(err)
	}
	point := fmt.Sprintf(`{"detector":%q,"reader":%q,"threshold":{"vn":0.9},"shown":0.1}`, sum([]byte("finds")), sum([]byte("reads")))
	got, err := check(w, []byte(point))
	if err != nil || got.Point.From("vn") != 0.9 || got.Point.From("atlantis") <= 1 {
		t.Errorf("from %v, elsewhere from %v, %v", got.Point.From("vn"), got.Point.From("atlantis"), err)
	}
	w.Point.Reader = sum([]byte("reads otherwise"))
	if _, err := check(w, []byte(point)); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("other weights: %v", err)
	}
	if _, err := check(w, []byte(`{}`)); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("a point of none: %v", err)
	}
	if _, err := check(w, []byte(`{`)); err == nil {
		t.Error("a point that cannot be parsed is taken")
	}
	delete(disk, "weights/plate_reader.onnx")
	if _, err := load(disk); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("without weights: %v", err)
	}
}

// What is shipped is either whole or not there.
func TestShippedWeights(t *testing.T) {
	t.Parallel()
	w, err := Shipped()
	if _, none := load(files); parking.ErrorCode(none) == parking.Unavailable {
		if parking.ErrorCode(err) != parking.Unavailable {
			t.Errorf("no weights, and %v", err)
		}
		return
	}
	if err != nil || w.Point.From("vn") > 1 {
		t.Errorf("from %v, %v", w.Point.From("vn"), err)
	}
}
