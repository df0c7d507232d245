package models

import (
	"bytes"
	"testing"

	"gatehouse/parking"
)

// The weights that are shipped have an operating point; others are refused.
func TestWeightsHaveTheirOperatingPoint(t *testing.T) {
	t.Parallel()
	w, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if w.Point.From("vn") <= 0 || w.Point.From("vn") > 1 || w.Point.From("atlantis") <= 1 {
		t.Errorf("from %v, elsewhere from %v", w.Point.From("vn"), w.Point.From("atlantis"))
	}
	other := bytes.Clone(w.Reader)
	other[len(other)/2]++
	for name, err := range map[string]error{
		"another reader":   second(check(w.Detector, other, operating)),
		"another detector": second(check(other, w.Reader, operating)),
		"no point":         second(check(w.Detector, w.Reader, []byte(`{}`))),
	} {
		if parking.ErrorCode(err) != parking.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := second(check(w.Detector, w.Reader, []byte(`{`))); err == nil {
		t.Error("a point that cannot be parsed is taken")
	}
}

func second(_ Weights, err error) error { return err }
