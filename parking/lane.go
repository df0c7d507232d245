package parking

import "strings"

// MaxLanes is how many lanes a gate runs at once, its own and those that it has
// taken over.
const MaxLanes = 6

// LaneOf names a lane of another gate, which this one has taken over: "N/1".
func LaneOf(gate, code string) string { return gate + "/" + code }

// SplitLane takes the name of a lane apart: "N/1" is lane 1 of gate N. The gate
// is "" for a lane of the gate that speaks.
func SplitLane(name string) (gate, code string) {
	if gate, code, other := strings.Cut(name, "/"); other {
		return gate, code
	}
	return "", name
}

// ValidLane returns a sentence when s cannot be the name of a lane: its code, or
// the code of its gate and its own.
func ValidLane(s string) error {
	gate, code := SplitLane(s)
	if validCode(code) && (len(code) == len(s) || validCode(gate)) {
		return nil
	}
	return Errorf(Invalid, "%q cannot be a lane: write its code, or gate and code like N/1.", cut(s, 70))
}
