package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/parking"
	"gatehouse/vision"
)

// Markdown is the report as a section of docs/BENCHMARKS.md: how it was measured,
// one table of all engines a folder, then the failures of the first engine by kind
// and file name. There is no picture and no plate in it.
func (r *Report) Markdown(about string) string {
	var b strings.Builder
	b.WriteString(about + "\n\n")
	if r.Odd {
		b.WriteString("Only pictures whose SHA-256 is odd: those that no threshold was chosen on.\n\n")
	}
	b.WriteString("| engine | peak memory | died |\n| --- | --- | --- |\n")
	for _, e := range r.Results {
		memory := "?"
		if e.PeakMB > 0 {
			memory = fmt.Sprintf("%.0f MB", e.PeakMB)
		}
		fmt.Fprintf(&b, "| %s: %s | %s | %d |\n", e.Name, e.Note, memory, e.Restarts)
	}
	b.WriteString("\n| folder (grammar) | n | engine | exact | 95 % | read / unsure / none | of the read wrong (95 %) | median ms | p95 ms |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for k, f := range r.Folders {
		for i, e := range r.Results {
			name, n := "", ""
			if i == 0 {
				name, n = fmt.Sprintf("%s (%s)", f.Name, f.Country), fmt.Sprint(len(f.Pictures))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, n, e.Name, cells(&e.Folders[k]))
		}
	}
	for i, e := range r.Results {
		var sum Figures
		for _, f := range e.Folders {
			sum.add(f)
		}
		name, n := "", ""
		if i == 0 {
			name, n = "all", fmt.Sprint(sum.Pictures)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, n, e.Name, cells(&sum))
	}
	b.WriteString(r.operatingPoint())
	if len(r.Results) > 0 {
		b.WriteString(r.failures(&r.Results[0]))
	}
	b.WriteString(r.leftOut())
	return b.String()
}

// operatingPoint is how far "read" may be believed: over the folders of a country
// whose threshold was measured, on the pictures that it was not chosen on.
func (r *Report) operatingPoint() string {
	var b strings.Builder
	for _, e := range r.Results {
		var sum Figures
		var share []string
		for k, f := range r.Folders {
			if f.Country != "vn" {
				continue
			}
			of := &e.Folders[k]
			sum.add(*of)
			if of.Pictures > 0 {
				share = append(share, fmt.Sprintf("%s %.1f %%", f.Name, 100*float64(of.Read)/float64(of.Pictures)))
			}
		}
		if sum.Odd.Read == 0 {
			continue
		}
		low, high := Wilson(sum.Odd.ReadWrong, sum.Odd.Read)
		fmt.Fprintf(&b, "| %s | %d of %d | %d: %.2f %% | %.2f–%.2f | %d of %d | %s |\n", e.Name, sum.Odd.Read, sum.Odd.Pictures, sum.Odd.ReadWrong,
			100*float64(sum.Odd.ReadWrong)/float64(sum.Odd.Read), 100*low, 100*high, sum.ReadWrong, sum.Read, strings.Join(share, ", "))
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nWhat `read` is worth: plates of vn whose SHA-256 is odd, on which no threshold was chosen; the last columns are of all.\n\n" +
		"| engine | odd, read | of these wrong | 95 % | all: wrong of read | all: answered as read |\n| --- | --- | --- | --- | --- | --- |\n" + b.String()
}

// leftOut lists the pictures whose label is wrong.
func (r *Report) leftOut() string {
	var b strings.Builder
	for _, f := range r.Folders {
		for _, l := range f.LeftOut {
			fmt.Fprintf(&b, "- %s: %s\n", strings.TrimSuffix(l.File, filepath.Ext(l.File)), l.Why)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nLeft out, because the source's label is wrong, seen by eye:\n\n" + b.String()
}

// cells are the columns that are an engine's on one folder.
func cells(f *Figures) string {
	low, high := Wilson(f.Exact, f.Pictures)
	wrong := "–"
	if f.Read > 0 {
		_, bound := Wilson(f.ReadWrong, f.Read)
		wrong = fmt.Sprintf("%d of %d (≤ %.1f %%)", f.ReadWrong, f.Read, 100*bound)
	}
	exact := 0.0
	if f.Pictures > 0 {
		exact = 100 * float64(f.Exact) / float64(f.Pictures)
	}
	return fmt.Sprintf("%.1f %% | %.1f–%.1f | %d / %d / %d | %s | %.0f | %.0f",
		exact, 100*low, 100*high, f.Read, f.Unsure, f.None, wrong,
		float64(f.tookAt(0.5).Microseconds())/1000, float64(f.tookAt(0.95).Microseconds())/1000)
}

// failures lists an engine's failures by folder and kind. An asterisk marks what
// was said to be read, the gravest.
func (r *Report) failures(e *Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nFailures of %s, by kind; * was said to be `read`:\n\n", e.Name)
	none := true
	for k, f := range r.Folders {
		for _, kind := range []string{FailOne, FailLength, FailOther, FailNone, FailWorker} {
			var names []string
			for _, failure := range e.Folders[k].Failures {
				if failure.Kind != kind {
					continue
				}
				name := strings.TrimSuffix(strings.TrimPrefix(failure.File, f.Name+"-"), filepath.Ext(failure.File))
				if failure.Outcome == vision.OutcomeRead {
					name += "*"
				}
				names = append(names, name)
			}
			if len(names) > 0 {
				none = false
				fmt.Fprintf(&b, "- %s, %s (%d): %s\n", f.Name, kind, len(names), strings.Join(names, " "))
			}
		}
	}
	if none {
		return "\nNo picture was answered wrong by " + e.Name + ".\n"
	}
	return b.String()
}

// Marks around the section of a file that WriteSection owns.
const (
	sectionBegin = "<!-- plates: written by vision bench, not by hand -->"
	sectionEnd   = "<!-- plates: end -->"
)

// WriteSection puts text in the place of the file's section about plates, after
// everything else where there is none yet. A file that is not there is made.
func WriteSection(name, text string) error {
	old, err := os.ReadFile(name) //nolint:gosec // the file that the caller named
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	section := sectionBegin + "\n\n## Plates\n\n" + strings.TrimSpace(text) + "\n\n" + sectionEnd
	whole := string(old)
	begin, end := strings.Index(whole, sectionBegin), strings.Index(whole, sectionEnd)
	switch {
	case begin >= 0 && end > begin:
		whole = whole[:begin] + section + whole[end+len(sectionEnd):]
	case begin >= 0 || end >= 0:
		return parking.Errorf(parking.Invalid, "The section about plates in %s has lost one of its two marks.", name)
	case whole == "":
		whole = "# Benchmarks\n\n" + section + "\n"
	default:
		whole = strings.TrimRight(whole, "\n") + "\n\n" + section + "\n"
	}
	part, err := os.CreateTemp(filepath.Dir(name), ".benchmarks-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() { _ = os.Remove(part.Name()) }() // gone after the renaming
	if _, err := part.WriteString(whole); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), part.Close())
	}
	if err := errors.Join(part.Chmod(0o644), part.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(part.Name(), name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
