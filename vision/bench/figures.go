package bench

import (
	"cmp"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"gatehouse/vision"
)

// Kinds of failure, from how the answer differs from the truth.
const (
	FailNone   = "nothing found"
	FailOne    = "one character"
	FailLength = "characters lost or added"
	FailOther  = "otherwise"
	FailWorker = "no answer" // the engine refused the picture or ended over it
)

// Failure is a picture that was not answered with its truth.
type Failure struct {
	File    string
	Kind    string
	Outcome vision.Outcome // read: it was wrong without saying so
}

// Figures are one engine's on one folder.
type Figures struct {
	Pictures  int
	Exact     int // the best reading equals the truth
	Read      int // said to be read
	ReadWrong int // … and wrong
	Odd       Honest
	Unsure    int
	None      int
	Failures  []Failure
	Took      []time.Duration // a picture each
}

// Honest are the figures of the pictures that no threshold was chosen on.
type Honest struct {
	Pictures, Read, ReadWrong int
}

// count adds one answer.
func (f *Figures) count(p Picture, loose bool, got vision.Reading, err error, took time.Duration) {
	f.Pictures++
	f.Took = append(f.Took, took)
	if p.Odd {
		f.Odd.Pictures++
	}
	truth, answer := Bare(p.Truth, loose), Bare(string(got.Plate), loose)
	right := err == nil && answer == truth
	if right {
		f.Exact++
	} else {
		f.Failures = append(f.Failures, Failure{File: p.File, Kind: kindOf(truth, answer, err), Outcome: got.Outcome})
	}
	switch {
	case err != nil || got.Outcome == vision.OutcomeNone:
		f.None++
	case got.Outcome == vision.OutcomeRead:
		f.Read++
		if p.Odd {
			f.Odd.Read++
		}
		if !right {
			f.ReadWrong++
			if p.Odd {
				f.Odd.ReadWrong++
			}
		}
	default:
		f.Unsure++
	}
}

func kindOf(truth, answer string, err error) string {
	switch {
	case err != nil:
		return FailWorker
	case answer == "":
		return FailNone
	case utf8.RuneCountInString(truth) != utf8.RuneCountInString(answer):
		return FailLength
	}
	differ, other := 0, []rune(answer)
	for i, r := range []rune(truth) {
		if r != other[i] {
			differ++
		}
	}
	if differ == 1 {
		return FailOne
	}
	return FailOther
}

// add puts the figures of another folder to these.
func (f *Figures) add(o Figures) {
	f.Pictures += o.Pictures
	f.Exact += o.Exact
	f.Read += o.Read
	f.ReadWrong += o.ReadWrong
	f.Odd.Pictures += o.Odd.Pictures
	f.Odd.Read += o.Odd.Read
	f.Odd.ReadWrong += o.Odd.ReadWrong
	f.Unsure += o.Unsure
	f.None += o.None
	f.Took = append(f.Took, o.Took...)
}

// Took at a share of the pictures, 0.5 for the median; 0 without pictures.
func (f *Figures) tookAt(share float64) time.Duration {
	if len(f.Took) == 0 {
		return 0
	}
	sorted := slices.SortedFunc(slices.Values(f.Took), cmp.Compare[time.Duration])
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// Wilson is the 95 % interval of a share of which k of n were seen, 0..1 each.
// Without any trial nothing is known: 0 to 1.
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959964 // of 95 %
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(middle-half, 0), min(middle+half, 1)
}
