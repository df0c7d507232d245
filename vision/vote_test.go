package vision_test

import (
	"testing"

	"pgregory.net/rapid"

	"gatehouse/parking"
	"gatehouse/vision"
)

func read(plate parking.Plate, confidence float64) vision.Reading {
	return vision.Reading{
		Outcome: vision.OutcomeRead, Plate: plate, Display: plate.Display(), Confidence: confidence, Lines: 1, Box: [4]int{1, 2, 3, 4}, Ms: 10,
		Candidates: []vision.Candidate{{Plate: plate, Confidence: confidence}},
	}
}

func unsure(plates ...parking.Plate) vision.Reading {
	r := read(plates[0], 0.5)
	r.Outcome, r.Candidates = vision.OutcomeUnsure, nil
	for i, p := range plates {
		r.Candidates = append(r.Candidates, vision.Candidate{Plate: p, Confidence: 0.5 - 0.1*float64(i)})
	}
	return r
}

func TestVote(t *testing.T) {
	t.Parallel()
	const a, b, c = parking.Plate("30A12345"), parking.Plate("30A12346"), parking.Plate("30A72345")
	none := vision.None()
	for name, test := range map[string]struct {
		frames  []vision.Reading
		outcome vision.Outcome
		plate   parking.Plate
	}{
		"no frame":                         {nil, vision.OutcomeNone, ""},
		"nothing in any":                   {[]vision.Reading{none, none}, vision.OutcomeNone, ""},
		"one":                              {[]vision.Reading{read(a, 0.9)}, vision.OutcomeRead, a},
		"one bad of five, first":           {[]vision.Reading{read(b, 0.99), read(a, 0.9), read(a, 0.9), unsure(a), read(a, 0.9)}, vision.OutcomeRead, a},
		"one bad of five, last and unsure": {[]vision.Reading{read(a, 0.9), unsure(a, b), read(a, 0.9), unsure(a), unsure(b, c)}, vision.OutcomeRead, a},
		"one empty of five":                {[]vision.Reading{none, read(a, 0.9), unsure(a), unsure(a), unsure(a)}, vision.OutcomeRead, a},
		"two that contradict":              {[]vision.Reading{read(a, 0.9), read(b, 0.99)}, vision.OutcomeUnsure, b},
		"never sure":                       {[]vision.Reading{unsure(a, b), unsure(a, c), unsure(b, a)}, vision.OutcomeUnsure, a},
		"second in all, first in none":     {[]vision.Reading{unsure(b, a), unsure(c, a)}, vision.OutcomeUnsure, a},
	} {
		got := vision.Vote(test.frames)
		if got.Outcome != test.outcome || got.Plate != test.plate {
			t.Errorf("%s: %s %q, want %s %q", name, got.Outcome, got.Plate, test.outcome, test.plate)
		}
		if test.plate != "" && (got.Candidates[0].Plate != test.plate || got.Display != test.plate.Display() || got.Ms != 10*int64(len(test.frames)) && name != "one empty of five") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// However the frames of one plate were read: with one bad among five, of which
// three or more have read the plate, the vote is right; and what is read at all
// more frames have read than anything else.
func TestVoteOverFiveFrames(t *testing.T) {
	t.Parallel()
	plates := []parking.Plate{"30A12345", "30A12346", "30A72345", "29B12345"}
	rapid.Check(t, func(t *rapid.T) {
		frames := make([]vision.Reading, 5)
		for i := range frames {
			frames[i] = read(plates[0], rapid.Float64Range(0.8, 1).Draw(t, "confidence"))
			if rapid.IntRange(0, 3).Draw(t, "unsure") == 0 && i < 2 {
				frames[i] = unsure(plates[0], rapid.SampledFrom(plates).Draw(t, "second"))
			}
		}
		bad := read(rapid.SampledFrom(plates).Draw(t, "bad"), rapid.Float64Range(0, 1).Draw(t, "confidence"))
		frames[rapid.IntRange(0, 4).Draw(t, "where")] = bad
		if got := vision.Vote(frames); got.Plate != plates[0] || got.Outcome != vision.OutcomeRead || got.Confidence < 0 || got.Confidence > 1 {
			t.Fatalf("%+v", got)
		}
	})
}
