package vision

import (
	"cmp"
	"slices"

	"gatehouse/parking"
)

// maxVoted is how many candidates a vote leaves for the guard.
const maxVoted = 5

// Vote makes one reading of several frames of one vehicle (plates.md §3). Each
// frame gives each of its candidates the confidence that it has in it; the plate
// with the most stands. It counts as read if more frames have read it than have
// read anything else: one frame above the operating point is enough where no
// other says otherwise, and two that contradict each other leave it to the guard.
// Frames without a plate have no say. The place of the plate and its display are
// those of the frame that was surest of it; Ms is the sum.
func Vote(frames []Reading) Reading {
	var ms int64
	type votes struct {
		plate parking.Plate
		sum   float64
		read  int     // frames that read it
		best  Reading // the frame that was surest of it
	}
	var all []*votes
	of := func(plate parking.Plate) *votes {
		for _, v := range all {
			if v.plate == plate {
				return v
			}
		}
		all = append(all, &votes{plate: plate, best: None()})
		return all[len(all)-1]
	}
	shown, reads := 0, 0
	for _, f := range frames {
		ms += f.Ms
		if f.Outcome == OutcomeNone || f.Plate == "" {
			continue
		}
		shown++
		for _, c := range f.Candidates {
			of(c.Plate).sum += c.Confidence
		}
		v := of(f.Plate)
		if f.Outcome == OutcomeRead {
			v.read++
			reads++
		}
		if v.best.Plate == "" || f.Confidence > v.best.Confidence {
			v.best = f
		}
	}
	if shown == 0 {
		none := None()
		none.Ms = ms
		return none
	}
	slices.SortStableFunc(all, func(a, b *votes) int { return cmp.Or(cmp.Compare(b.read, a.read), cmp.Compare(b.sum, a.sum)) })
	first := all[0]
	if first.best.Plate == "" { // only ever second
		first.best = frames[slices.IndexFunc(frames, func(f Reading) bool { return f.Outcome != OutcomeNone && f.Plate != "" })]
	}
	out := first.best
	out.Plate, out.Ms, out.Outcome = first.plate, ms, OutcomeUnsure
	if out.Plate != first.best.Plate {
		out.Display = first.plate.Display()
	}
	out.Confidence = first.sum / float64(shown)
	if first.read > reads-first.read {
		out.Outcome, out.Confidence = OutcomeRead, first.best.Confidence
	}
	out.Candidates = make([]Candidate, 0, maxVoted)
	for _, v := range all[:min(len(all), maxVoted)] {
		out.Candidates = append(out.Candidates, Candidate{Plate: v.plate, Confidence: v.sum / float64(shown)})
	}
	out.Candidates[0].Confidence = out.Confidence
	return out
}
