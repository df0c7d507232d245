package state

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Hold is a reservation that a gate was heard to have: a hint, which may be
// lost, and which ends by itself.
type Hold struct {
	Gate  string    `json:"gate"`
	Until time.Time `json:"until"` // business time
}

// Site is everything that the gate knows of its site at one moment: the
// cloud's state with this gate's own facts laid over it. It is immutable; a
// change makes a new one. All slices and maps belong to it and must not be
// written to.
type Site struct {
	// Ready says whether the cloud's state was ever received: before that a
	// gate knows neither lanes nor slots.
	Ready       bool
	Incarnation uuid.UUID // of the cloud's database
	FeedSeq     int64     // the last entry of the feed that was applied
	// Covers says whether it is known how far other gates' facts are in it; before,
	// nothing is heard from neighbours.
	Covers    bool
	Gate      string // this gate's code
	Config    wire.SiteConfig
	Slots     []parking.Slot  // by code
	Inside    []parking.Stay  // by time of IN, then id
	Conflicts []wire.Conflict // open ones
	Holds     map[string]Hold // by slot; some may have ended, see Held

	// Near are loans over the local network that are not over, of and to this gate,
	// by slot.
	Near []NearLine

	// Lists are the passes and the block list; never nil.
	Lists *Lists

	may     map[string]bool                  // slots that this gate may hand out
	counted map[string]map[parking.Class]int // inside, by zone, as the cloud told
	own     map[string]map[parking.Class]int // what own facts have changed in that
	taken   []Taken                          // lanes of other gates that this one runs
	slots   map[string]int32
	byID    map[uuid.UUID]int32
	byPlate map[parking.Plate][]int32
	byToken map[string][]int32
}

// Stay returns a stay that is inside.
func (s *Site) Stay(id uuid.UUID) (parking.Stay, bool) {
	if i, ok := s.byID[id]; ok {
		return s.Inside[i], true
	}
	return parking.Stay{}, false
}

// ByPlate lists the stays inside with exactly this plate.
func (s *Site) ByPlate(p parking.Plate) []parking.Stay { return s.pick(s.byPlate[p]) }

// ByToken lists the stays inside that hold this card or ticket.
func (s *Site) ByToken(token string) []parking.Stay { return s.pick(s.byToken[token]) }

func (s *Site) pick(at []int32) []parking.Stay {
	out := make([]parking.Stay, len(at))
	for i, n := range at {
		out[i] = s.Inside[n]
	}
	return out
}

// Slot returns a slot by its code.
func (s *Site) Slot(code string) (parking.Slot, bool) {
	if i, ok := s.slots[code]; ok {
		return s.Slots[i], true
	}
	return parking.Slot{}, false
}

// MayOffer says whether this gate may hand out a slot without asking anybody:
// its own home slot that is not lent, or one that is lent to it. Of the others
// it knows no more than that they may be taken.
func (s *Site) MayOffer(slot string) bool { return s.may[slot] }

// NearLine is one loan over the local network, as it is shown.
type NearLine struct {
	Slot string `json:"slot"`
	From string `json:"from"` // its home
	To   string `json:"to"`
	Back bool   `json:"back,omitempty"` // given back; the home waits for the facts of before
}

// NearFrom says which gate has lent a slot to this one over the local network,
// "" for none.
func (s *Site) NearFrom(slot string) string {
	for _, l := range s.Near {
		if l.Slot == slot && l.To == s.Gate && !l.Back {
			return l.From
		}
	}
	return ""
}

// NearTo says to which gate this one has lent a slot over the local network, ""
// for none.
func (s *Site) NearTo(slot string) string {
	for _, l := range s.Near {
		if l.Slot == slot && l.From == s.Gate {
			return l.To
		}
	}
	return ""
}

// ShareLeft is what is left of this gate's share of a counted zone while it is
// cut off: of what the cloud last told to be free, each gate has a fixed part;
// own entries since use it up, own exits give back. It may be below zero, since
// full is never a block.
func (s *Site) ShareLeft(zone string, class parking.Class) int {
	z, ok := s.Zone(zone)
	if !ok {
		return 0
	}
	return parking.Shares(z.Capacity[class]-s.counted[zone][class], s.Config.Gates, s.Gate) - s.own[zone][class]
}

// Zone returns a zone by its code.
func (s *Site) Zone(code string) (parking.Zone, bool) {
	i := slices.IndexFunc(s.Config.Zones, func(z parking.Zone) bool { return z.Code == code })
	if i < 0 {
		return parking.Zone{}, false
	}
	return s.Config.Zones[i], true
}

// ThisGate returns this gate as the site's configuration has it.
func (s *Site) ThisGate() (parking.Gate, bool) {
	i := slices.IndexFunc(s.Config.Gates, func(g parking.Gate) bool { return g.Code == s.Gate })
	if i < 0 {
		return parking.Gate{}, false
	}
	return s.Config.Gates[i], true
}

// Lanes lists the lanes that this gate runs by code, each with the direction that
// it has now: its own, then those of other gates that it has taken over, as "N/1".
func (s *Site) Lanes() []parking.Lane {
	var own, others []parking.Lane
	for _, l := range s.Config.Lanes {
		if l.Gate == s.Gate {
			own = append(own, l)
			continue
		}
		for _, t := range s.taken {
			if t.Gate == l.Gate && slices.Contains(t.Lanes, l.Code) {
				l.Code = parking.LaneOf(l.Gate, l.Code)
				others = append(others, l)
				break
			}
		}
	}
	byCode := func(a, b parking.Lane) int { return strings.Compare(a.Code, b.Code) }
	slices.SortFunc(own, byCode)
	slices.SortFunc(others, byCode)
	return append(own, others...)
}

// Tariff returns a version of a tariff: the one in force or one that an open
// stay came in with.
func (s *Site) Tariff(id string, version int) (*parking.Tariff, bool) {
	if t := &s.Config.Tariff; t.ID == id && t.Version == version {
		return t, true
	}
	for i := range s.Config.Tariffs {
		if t := &s.Config.Tariffs[i]; t.ID == id && t.Version == version {
			return t, true
		}
	}
	return nil, false
}

// Held returns who holds a slot by a plan at the moment now.
func (s *Site) Held(slot string, now time.Time) (Hold, bool) {
	h, ok := s.Holds[slot]
	return h, ok && now.Before(h.Until)
}

// index makes the look-up tables of a site whose Slots and Inside are filled.
func (s *Site) index() {
	s.slots = make(map[string]int32, len(s.Slots))
	for i := range s.Slots {
		s.slots[s.Slots[i].Code] = int32(i) //nolint:gosec // a site has far fewer
	}
	s.byID = make(map[uuid.UUID]int32, len(s.Inside))
	s.byPlate = make(map[parking.Plate][]int32, len(s.Inside))
	s.byToken = make(map[string][]int32)
	for i := range s.Inside {
		n, stay := int32(i), &s.Inside[i] //nolint:gosec // a site has far fewer
		s.byID[stay.ID] = n
		if stay.Plate != "" {
			s.byPlate[stay.Plate] = append(s.byPlate[stay.Plate], n)
		}
		if stay.Token != "" && stay.TokenLostAt == nil { // a token that was lost finds nothing
			s.byToken[stay.Token] = append(s.byToken[stay.Token], n)
		}
	}
}
