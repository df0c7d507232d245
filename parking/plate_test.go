package parking_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"gatehouse/internal/shareddata"
	"gatehouse/parking"
)

func TestParsePlate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want, display string }{
		{"30A-123.45", "30A12345", "30A-123.45"},
		{" 30a 12345 ", "30A12345", "30A-123.45"},
		{"29A-1234", "29A1234", "29A-1234"},
		{"29-B1 456.78", "29B145678", "29-B1 456.78"},
		{"29-AA 123.45", "29AA12345", "29-AA 123.45"},
		{"29-mđ1 123.45", "29MĐ112345", "29-MĐ1 123.45"},
		{"29MĐ12345", "29MĐ12345", "29-MĐ 123.45"},
		{"29MÐ12345", "29MĐ12345", "29-MĐ 123.45"},
		{"29MD\u033512345", "29MĐ12345", "29-MĐ 123.45"},
		{"30LD-123.45", "30LD12345", "30LD-123.45"},
		{"51R-012.34", "51R01234", "51R-012.34"},
		{"80-441-NG-02", "80441NG02", "80-441-NG-02"},
		{"80 NG 441 02", "80NG44102", "80-NG-441-02"},
		{"TM-1234", "TM1234", "TM-1234"},
		{"80B-123.45", "80B12345", "80B-123.45"},
		{"３０Ａ－１２３４５", "30A12345", "30A-123.45"},
		{"30Á12345", "30A12345", "30A-123.45"},
		{"A\u0308Ö 77", "ÄÖ77", "ÄÖ77"},
		{"BRA2E19", "BRA2E19", "BRA2E19"},
		{"13A-123.45", "13A12345", "13A12345"},
		{"30I12345", "30I12345", "30I12345"},
	} {
		plate, err := parking.ParsePlate(c.raw)
		if err != nil || string(plate) != c.want {
			t.Errorf("ParsePlate(%q) = %q, %v; want %q", c.raw, plate, err, c.want)
			continue
		}
		if got := plate.Display(); got != c.display {
			t.Errorf("%q displays as %q, want %q", c.raw, got, c.display)
		}
	}
}

func TestParsePlateRefuses(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "   ", "-.-", "\u0301", "30A\n12345", "30A\x0012345", "30A\x7f", "\xff\xfe",
		"1234567890123456", strings.Repeat("A", 1<<20), "😀",
	} {
		plate, err := parking.ParsePlate(raw)
		if parking.ErrorCode(err) != parking.Invalid || plate != "" {
			t.Errorf("ParsePlate(%.20q) = %q, %v; want a refusal", raw, plate, err)
		}
		if err != nil && !strings.HasSuffix(parking.ErrorMessage(err), ".") {
			t.Errorf("ParsePlate(%.20q) refuses without a sentence: %v", raw, err)
		}
	}
}

func TestPlateKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		plate parking.Plate
		lines int
		class parking.Class
		want  []parking.PlateKind
		shown string
	}{
		{"30A12345", 0, "", []parking.PlateKind{parking.PlateCar, parking.PlateMotorbikeOld}, "30A-123.45"},
		{"30A12345", 1, "", []parking.PlateKind{parking.PlateCar}, "30A-123.45"},
		{"30A12345", 2, "motorbike", []parking.PlateKind{parking.PlateMotorbikeOld}, "30-A1 2345"},
		{"30A12345", 2, "car", []parking.PlateKind{parking.PlateCar}, "30A-123.45"},
		{"29AA12345", 2, "", []parking.PlateKind{parking.PlateMotorbike}, "29-AA 123.45"},
		{"30LD12345", 1, "", []parking.PlateKind{parking.PlateSpecial}, "30LD-123.45"},
		{"29AA12345", 1, "car", []parking.PlateKind{parking.PlateMotorbike}, "29-AA 123.45"},
		{"53R90844", 2, "motorbike", []parking.PlateKind{parking.PlateMotorbikeOld}, "53-R9 0844"},
		{"53R90844", 1, "", []parking.PlateKind{parking.PlateSpecial}, "53R-908.44"},
		{"XX99", 0, "", nil, "XX99"},
	} {
		if got := c.plate.Kinds(c.lines, c.class); !slices.Equal(got, c.want) {
			t.Errorf("%s.Kinds(%d, %q) = %v, want %v", c.plate, c.lines, c.class, got, c.want)
		}
		if got := c.plate.DisplayAs(c.lines, c.class); got != c.shown {
			t.Errorf("%s.DisplayAs(%d, %q) = %q, want %q", c.plate, c.lines, c.class, got, c.shown)
		}
	}
	if got := parking.Plate("30A12345").Kind(); got != parking.PlateCarOrMotorbikeOld {
		t.Errorf("the string alone tells %q for an ambiguous plate", got)
	}
	if got := parking.Plate("XX99").Kind(); got != parking.PlateUnknown {
		t.Errorf("XX99 is %q", got)
	}
}

func TestPlateDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b parking.Plate
		want int
	}{
		{"30A12345", "30A12345", 0},
		{"30A12345", "3OA12345", parking.PlateConfusableCost},
		{"29MĐ12345", "29MD12345", 1},
		{"51F12345", "91F12545", 2 * parking.PlateEditCost},
		{"30A12345", "30A1234", parking.PlateEditCost},
		{"", "30A", 3 * parking.PlateEditCost},
	} {
		if got := parking.PlateDistance(c.a, c.b); got != c.want {
			t.Errorf("PlateDistance(%s, %s) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
	inside := []parking.Plate{"51F99999", "30A12845", "3OA12345", "30A12B45"}
	got := parking.RankPlates("30A12345", inside, 2)
	if len(got) != 2 || got[0].Index != 2 || got[1].Index != 1 {
		t.Errorf("RankPlates = %+v, want indexes 2 and 1", got)
	}
}

func plateGen() *rapid.Generator[parking.Plate] {
	return rapid.Map(rapid.StringMatching(`[0-9]{2}[A-ZĐ]{1,2}[0-9]{3,5}`), func(s string) parking.Plate { return parking.Plate(s) })
}

func TestPlateDistanceIsAMetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := plateGen().Draw(t, "a"), plateGen().Draw(t, "b"), plateGen().Draw(t, "c")
		ab, ba := parking.PlateDistance(a, b), parking.PlateDistance(b, a)
		if ab != ba || (ab == 0) != (a == b) {
			t.Fatalf("distance %s–%s is %d and back %d", a, b, ab, ba)
		}
		if ac, bc := parking.PlateDistance(a, c), parking.PlateDistance(b, c); ac > ab+bc {
			t.Fatalf("%s–%s costs %d, over %s %d", a, c, ac, b, ab+bc)
		}
	})
}

func TestPlateSurvivesItsDisplay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkPlate(t, rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9]{2}[ .-]?[A-Za-zĐđ]{1,2}[0-9 .-]{4,8}`)).Draw(t, "raw"))
	})
}

func FuzzParsePlate(f *testing.F) {
	for _, seed := range []string{"30A-123.45", "29-MĐ1 123.45", "80-441-NG-02", "D\u0335", "İ", "ß", "\xff", "３０Ａ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) { checkPlate(t, raw) })
}

// checkPlate states what holds for whatever somebody types.
func checkPlate(t interface{ Fatalf(string, ...any) }, raw string) {
	plate, err := parking.ParsePlate(raw)
	if err != nil {
		if parking.ErrorCode(err) != parking.Invalid || plate != "" {
			t.Fatalf("ParsePlate(%q) = %q, %v", raw, plate, err)
		}
		return
	}
	if n := utf8.RuneCountInString(string(plate)); n == 0 || n > parking.PlateMaxLetters {
		t.Fatalf("ParsePlate(%q) has %d letters", raw, n)
	}
	for _, lines := range []int{0, 1, 2} {
		for _, class := range []parking.Class{"", parking.Car, parking.Motorbike} {
			again, err := parking.ParsePlate(plate.DisplayAs(lines, class))
			if err != nil || again != plate {
				t.Fatalf("%q → %q → %q → %q, %v", raw, plate, plate.DisplayAs(lines, class), again, err)
			}
			if plate.Known() != (len(plate.Kinds(lines, class)) > 0) {
				t.Fatalf("%q is known without a kind, or the reverse", plate)
			}
		}
	}
}

// Every province code of the list that we were given is taken, and no other.
func TestProvinceCodes(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join(shareddata.Dir(t), "plate_codes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	valid := map[string]bool{}
	for _, row := range rows[1:] {
		valid[row[0]] = true
	}
	for n := range 100 {
		code := string([]byte{byte('0' + n/10), byte('0' + n%10)})
		if got := parking.Plate(code + "A12345").Known(); got != valid[code] {
			t.Errorf("province %s known: %v, in the list: %v", code, got, valid[code])
		}
	}
}

// Every plate on the real pictures fits the grammar, but for those whose
// truth is cut off or foreign.
func TestGrammarHoldsForRealPlates(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(shareddata.Dir(t), "plates", "vn*", "truth.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no truth files: %v", err)
	}
	total, unknown := 0, 0
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			plate, err := parking.ParsePlate(row[1])
			if err != nil {
				t.Errorf("%s %s: %v", row[0], row[1], err)
			}
			total++
			if !plate.Known() {
				unknown++
				t.Logf("%s %s fits no pattern", row[0], plate)
			}
		}
	}
	if unknown*50 > total {
		t.Errorf("%d of %d real plates fit no pattern", unknown, total)
	}
}
