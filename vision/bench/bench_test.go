package bench

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/shareddata"
	"gatehouse/parking"
	"gatehouse/vision"
)

func TestWilson(t *testing.T) {
	t.Parallel()
	// Values of the textbook (Newcombe 1998) and of edges.
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {20, 20, 0.8389, 1}, {0, 0, 0, 1}} {
		low, high := Wilson(c.k, c.n)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("Wilson(%d, %d) = %.4f, %.4f; want %.4f, %.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

func TestBare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		loose bool
		want  string
	}{{"30a-123.45", false, "30A12345"}, {"29-MĐ1 123.45", false, "29MĐ112345"}, {"OI0-1", true, "0101"}, {"OI", false, "OI"}, {"", true, ""}} {
		if got := Bare(c.in, c.loose); got != c.want {
			t.Errorf("Bare(%q, %v) = %q, want %q", c.in, c.loose, got, c.want)
		}
	}
}

func TestParseTruth(t *testing.T) {
	t.Parallel()
	got, err := parseTruth(strings.NewReader("file,plate,x,y,w,h\na.jpg,30A12345,1,2,3,4\nb.jpg,51F1,,,,\n"))
	if err != nil || len(got) != 2 || got[1] != (Picture{File: "b.jpg", Truth: "51F1"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "name,plate\n", "file,plate\n", "file,plate\na.jpg\n", "file,plate\n../a.jpg,1\n", "file,plate\n\"a"} {
		if _, err := parseTruth(strings.NewReader(bad)); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := Load(t.TempDir()); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("a folder without a table: %v", err)
	}
}

func FuzzTruth(f *testing.F) {
	f.Add("file,plate,x,y,w,h\na.jpg,30A12345,1,2,3,4\n")
	f.Add("plate,file\n30A12345,\"a,b.jpg\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		pictures, err := parseTruth(strings.NewReader(text))
		if (err == nil) != (len(pictures) > 0) {
			t.Fatalf("%d pictures and %v", len(pictures), err)
		}
		for _, p := range pictures {
			if !filepath.IsLocal(p.File) {
				t.Fatalf("a picture outside of its folder: %q", p.File)
			}
		}
	})
}

// figuresOf are figures of made-up answers.
func figuresOf() Figures {
	var f Figures
	read := func(file, truth string, outcome vision.Outcome, plate string, err error) {
		reading := vision.Reading{Outcome: outcome, Plate: parking.Plate(plate)}
		f.count(Picture{File: file, Truth: truth, Odd: true}, false, reading, err, time.Duration(f.Pictures+1)*10*time.Millisecond)
	}
	read("x-1.jpg", "30A12345", vision.OutcomeRead, "30A12345", nil)
	read("x-2.jpg", "30A12345", vision.OutcomeRead, "30A12346", nil)
	read("x-3.jpg", "30A12345", vision.OutcomeUnsure, "30A-123.45", nil)
	read("x-4.jpg", "30A12345", vision.OutcomeUnsure, "30A1234", nil)
	read("x-5.jpg", "30A12345", vision.OutcomeUnsure, "51F54321", nil)
	read("x-6.jpg", "30A12345", vision.OutcomeNone, "", nil)
	read("x-7.jpg", "30A12345", vision.OutcomeNone, "", errors.New("it died"))
	return f
}

func TestFigures(t *testing.T) {
	t.Parallel()
	f := figuresOf()
	if f.Pictures != 7 || f.Exact != 2 || f.Read != 2 || f.ReadWrong != 1 || f.Unsure != 3 || f.None != 2 {
		t.Errorf("%+v", f)
	}
	if f.tookAt(0.5) != 40*time.Millisecond || f.tookAt(0.95) != 70*time.Millisecond {
		t.Errorf("median %v, 95 %% %v", f.tookAt(0.5), f.tookAt(0.95))
	}
	var kinds []string
	for _, failure := range f.Failures {
		kinds = append(kinds, failure.Kind)
	}
	if want := []string{FailOne, FailLength, FailOther, FailNone, FailWorker}; strings.Join(kinds, ",") != strings.Join(want, ",") {
		t.Errorf("kinds of failure %q, want %q", kinds, want)
	}
}

func TestReportNamesFailuresAndNoPlate(t *testing.T) {
	t.Parallel()
	r := Report{
		Folders: []Folder{{
			Name: "x", Country: "vn", Pictures: make([]Picture, 7),
			LeftOut: []LeftOut{{Picture{File: "x-8.jpg", Truth: "30A12345"}, "the label's last digit is 5; on the plate it is 6"}},
		}},
		Results: []Result{{Name: "ours", Note: "of this project", Folders: []Figures{figuresOf()}, PeakMB: 123.4}},
	}
	text := r.Markdown("Measured.")
	for _, want := range []string{
		"| x (vn) | 7 | ours | 28.6 % | 8.2–64.1 | 2 / 3 / 2 | 1 of 2 (≤ 90.5 %) | 40 | 70 |", "123 MB", "- x, one character (1): 2*\n",
		"| ours | 2 of 7 | 1: 50.00 % | 9.45–90.55 | 1 of 2 | x 28.6 % |", "- x-8: the label's last digit is 5; on the plate it is 6\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "30A") {
		t.Errorf("the report shows a plate:\n%s", text)
	}
}

// Every label that is called wrong is of a picture that there is, and is left out.
func TestWrongLabels(t *testing.T) {
	t.Parallel()
	plates := filepath.Join(shareddata.Dir(t), "plates")
	left := 0
	for _, name := range []string{"vn", "vn_more", "vn_misc", "vn_crops_long", "vn_crops_small", "eu", "us", "br"} {
		f, err := Load(filepath.Join(plates, name))
		if err != nil {
			t.Fatal(err)
		}
		left += len(f.LeftOut)
		for _, l := range f.LeftOut {
			if !strings.Contains(wrongLabels, ","+strings.TrimSuffix(l.File, filepath.Ext(l.File))+","+l.Why) {
				t.Errorf("%s is left out under another name", l.File)
			}
		}
	}
	if want := len(wrongBySum()); left != want || want == 0 {
		t.Errorf("%d pictures are left out, %d labels are listed", left, want)
	}
}

func TestWriteSection(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "BENCHMARKS.md")
	for i, c := range []struct{ before, text, want string }{
		{"", "one", "# Benchmarks\n\n" + sectionBegin + "\n\n## Plates\n\none\n\n" + sectionEnd + "\n"},
		{"", "two", "# Benchmarks\n\n" + sectionBegin + "\n\n## Plates\n\ntwo\n\n" + sectionEnd + "\n"},
		{"# Benchmarks\n\n## Other\n\ntext\n", "three", "# Benchmarks\n\n## Other\n\ntext\n\n" + sectionBegin + "\n\n## Plates\n\nthree\n\n" + sectionEnd + "\n"},
	} {
		if c.before != "" {
			if err := os.WriteFile(name, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := WriteSection(name, c.text); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil || string(got) != c.want {
			t.Errorf("%d: %q, %v; want %q", i, got, err, c.want)
		}
	}
	if err := os.WriteFile(name, []byte(sectionBegin), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteSection(name, "four"); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("a section with one mark: %v", err)
	}
}
