package parking

import (
	"slices"
	"time"
)

// PassBook finds the versions of a pass by its code, in the order in which
// they hold (docs/STATE.md §5); none for a pass that is not known.
type PassBook func(code string) []PassVersion

// PassAt is the version of a pass that holds at a time, nil for none. versions
// are in the order in which they hold.
func PassAt(versions []PassVersion, at time.Time) *PassVersion {
	for i := len(versions) - 1; i >= 0; i-- {
		if !BusinessTime(versions[i].From).After(at) {
			return &versions[i]
		}
	}
	return nil
}

// periodsOf is what a pass covers of time when somebody asks at at: what holds
// then counts for the whole of its time, so that a renewal that comes late
// closes the gap; what held before counts until it was replaced, so that a
// suspension, or a shorter pass, ends the cover and takes nothing back.
func periodsOf(versions []PassVersion, at time.Time) []Period {
	var out []Period
	for i := range versions {
		v := &versions[i]
		if BusinessTime(v.From).After(at) {
			break
		}
		until := BusinessTime(v.Ends)
		if i+1 < len(versions) {
			if next := BusinessTime(versions[i+1].From); !next.After(at) && next.Before(until) {
				until = next
			}
		}
		if from := BusinessTime(v.Begins); !v.Suspended && from.Before(until) {
			out = append(out, Period{Name: v.Pass, From: from, Until: until})
		}
	}
	return out
}

// InZone is the zone into which the stay came in, "" for none.
func (s *Stay) InZone() string {
	for _, m := range s.Moves {
		if m.Fact == s.InFact {
			return m.Zone
		}
	}
	return ""
}

// PassPeriods is what passes cover of a stay that is priced as of at. The first
// name is the pass that its IN has named; whether that covers the vehicle was
// decided then. Each further one counts when it names the vehicle's plate and
// is for its class and zone at at.
func (s *Stay) PassPeriods(names []string, book PassBook, at time.Time) []Period {
	at = BusinessTime(at)
	var out []Period
	for i, name := range names {
		versions := book(name)
		if i > 0 {
			v := PassAt(versions, at)
			if v == nil || !slices.Contains(v.Plates, s.Plate) || !v.isFor(s.Plate, s.Class, s.InZone()) {
				continue
			}
		}
		out = append(out, periodsOf(versions, at)...)
	}
	return out
}

// ChargedPasses are the passes by which a stay was priced: the one that its IN
// names, and those that follow it. Empty when its charge has no line of a pass.
func (s *Stay) ChargedPasses() []string {
	if s.Charge == nil || s.Pass == "" || !slices.ContainsFunc(s.Charge.Lines, func(l Line) bool { return l.Code == LinePass }) {
		return nil
	}
	return append([]string{s.Pass}, s.Charge.Follows...)
}

// FollowingPasses finds, among the passes that name the stay's plate, those
// that begin where the pass of its IN ends, and so on, as of at.
func (s *Stay) FollowingPasses(others []string, book PassBook, at time.Time) []string {
	if s.Pass == "" || s.InAt == nil {
		return nil
	}
	names := []string{s.Pass}
	_, end := coveredBy(s.PassPeriods(names, book, at), s.InAt.Unix())
	for grown := true; grown; {
		grown = false
		for _, other := range others {
			if slices.Contains(names, other) {
				continue
			}
			more := append(slices.Clone(names), other)
			holds, until := coveredBy(s.PassPeriods(more, book, at), s.InAt.Unix())
			if holds != nil && until > end {
				names, end, grown = more, until, true
			}
		}
	}
	return names[1:]
}

// PassState says why a pass does or does not cover a vehicle that comes in.
type PassState string

// What a pass is for a vehicle at an IN.
const (
	PassCovers    PassState = "covers"
	PassNoPlace   PassState = "no_place"  // as many vehicles of it are inside as it has places
	PassEnded     PassState = "ended"     //
	PassNotBegun  PassState = "not_begun" //
	PassSuspended PassState = "suspended" //
	PassOtherUse  PassState = "other_use" // it is for another class or zone
	PassOtherCar  PassState = "other_car" // the plate is not among its vehicles (any more)
	PassUnknown   PassState = "unknown"   // nothing is known of it here
)

// Judge says what the pass is for a vehicle that comes in at at while inside
// others hold places of it.
func (b *PassVersion) Judge(at time.Time, plate Plate, class Class, zone string, inside int) PassState {
	switch {
	case b.Suspended:
		return PassSuspended
	case at.Before(BusinessTime(b.Begins)):
		return PassNotBegun
	case !at.Before(BusinessTime(b.Ends)):
		return PassEnded
	case !b.isForPlate(plate):
		return PassOtherCar
	case !b.isFor(plate, class, zone):
		return PassOtherUse
	case inside >= b.Places:
		return PassNoPlace
	}
	return PassCovers
}

func (b *PassVersion) isForPlate(plate Plate) bool {
	return len(b.Plates) == 0 || plate == "" || slices.Contains(b.Plates, plate)
}

// isFor says whether the pass is for a plate (one that is not known yet is
// covered), a class and a zone, whatever the time.
func (b *PassVersion) isFor(plate Plate, class Class, zone string) bool {
	return b.isForPlate(plate) && (b.Class == "" || b.Class == class) && (b.Zone == "" || b.Zone == zone)
}

// PassHolders says which of some stays that name one pass hold its places: in
// the order of their IN (time, fact id), each that comes while fewer holders
// are inside than the pass has then. book is of that pass.
func PassHolders(stays []*Stay, versions []PassVersion) map[*Stay]bool {
	of := slices.DeleteFunc(slices.Clone(stays), func(s *Stay) bool { return s.InAt == nil || s.State == Voided })
	slices.SortFunc(of, func(a, b *Stay) int {
		if c := a.InAt.Compare(*b.InAt); c != 0 {
			return c
		}
		return slices.Compare(a.InFact[:], b.InFact[:])
	})
	holds := map[*Stay]bool{}
	var inside []*Stay
	for _, s := range of {
		inside = slices.DeleteFunc(inside, func(h *Stay) bool { return h.OutAt != nil && !h.OutAt.After(*s.InAt) })
		if v := PassAt(versions, *s.InAt); v != nil && len(inside) < v.Places {
			inside = append(inside, s)
			holds[s] = true
		}
	}
	return holds
}
