package pipeline

import "testing"

// rowsAt are rows of letters 20 wide at these places.
func rowsAt(upper, lower []float64) [][]letter {
	rows := make([][]letter, 2)
	for i, places := range [][]float64{upper, lower} {
		for _, x := range places {
			rows[i] = append(rows[i], letter{x: x, w: 20})
		}
	}
	return rows
}

func TestARowThatLostItsFirstOrLastLetterIsOffCentre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		upper, lower []float64
		want         bool
	}{
		{"59-U1 438.68", []float64{50, 72, 120, 142}, []float64{34, 65, 96, 127, 158}, false},
		{"its first digit is gone", []float64{50, 72, 120, 142}, []float64{65, 96, 127, 158}, true},
		{"its last digit is gone", []float64{50, 72, 120, 142}, []float64{34, 65, 96, 127}, true},
		{"the upper row's first digit is gone", []float64{72, 120, 142}, []float64{34, 65, 96, 127, 158}, true},
		{"54-P7 6117, four digits further apart", []float64{50, 72, 120, 142}, []float64{39, 77, 115, 153}, false},
		{"30A 123.45", []float64{70, 96, 122}, []float64{36, 66, 96, 126, 156}, false},
		{"a little askew", []float64{58, 80, 128, 150}, []float64{34, 65, 96, 127, 158}, false},
	} {
		if got := offCentre(rowsAt(c.upper, c.lower)); got != c.want {
			t.Errorf("%s: off centre is %v, want %v", c.name, got, c.want)
		}
	}
	if offCentre(rowsAt([]float64{10, 40}, nil)[:1]) {
		t.Error("one row has no middle to compare with")
	}
}
