package parking

import (
	"cmp"
	"math"
	"slices"

	"github.com/google/uuid"
)

// ZoneKind says how vehicles are placed in a zone.
type ZoneKind string

// Kinds of zones.
const (
	Numbered ZoneKind = "numbered" // has slots
	Counted  ZoneKind = "counted"  // a capacity per class and no slots: how motorbikes are parked
)

// Zone is a part of a site.
type Zone struct {
	Code     string        `json:"code"`
	Name     string        `json:"name"`
	Kind     ZoneKind      `json:"kind"`
	Capacity map[Class]int `json:"capacity,omitempty"` // counted zones; full is a warning, never a block
}

// SlotState is whether a slot can be handed out. Reserved is an overlay with
// a remaining time, not a state.
type SlotState string

// States of a slot.
const (
	SlotFree         SlotState = "free"
	SlotOccupied     SlotState = "occupied"
	SlotOutOfService SlotState = "out_of_service"
)

// Point is a position on the site's map in metres.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Distance is the straight distance in metres.
func (p Point) Distance(q Point) float64 { return math.Hypot(p.X-q.X, p.Y-q.Y) }

// Slot is one numbered space.
type Slot struct {
	Code    string    `json:"code"`
	Zone    string    `json:"zone"`
	At      Point     `json:"at"`
	Classes []Class   `json:"classes"`
	Home    string    `json:"home"` // the gate that hands it out without asking
	State   SlotState `json:"state"`
	Stay    uuid.UUID `json:"stay"`          // who stands in it, the zero id for nobody
	Loan    Loan      `json:"loan,omitzero"` // the last time that its home lent it
}

// Takes says whether vehicles of class c may stand in the slot.
func (s Slot) Takes(c Class) bool { return slices.Contains(s.Classes, c) }

// Gate is a guard post.
type Gate struct {
	Code string `json:"code"`
	Name string `json:"name"`
	At   Point  `json:"at"`
}

// Direction is the way that a lane leads.
type Direction string

// Directions of a lane.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// CameraRole is what a lane's camera looks at.
type CameraRole string

// Camera roles; a lane has one to four cameras.
const (
	RolePlate    CameraRole = "plate"
	RoleFace     CameraRole = "face"
	RoleOverview CameraRole = "overview"
	// RoleOverview2 sees the lane as a whole from another side.
	RoleOverview2 CameraRole = "overview2"
)

// CameraRoles are all of them, as a fact lists its photos.
var CameraRoles = []CameraRole{RolePlate, RoleFace, RoleOverview, RoleOverview2}

// CameraRoleNames are the roles as they stand in the name of a camera.
func CameraRoleNames() []string {
	names := make([]string, len(CameraRoles))
	for i, role := range CameraRoles {
		names[i] = string(role)
	}
	return names
}

// Whole says whether a camera of the role sees the lane as a whole.
func (r CameraRole) Whole() bool { return r == RoleOverview || r == RoleOverview2 }

// Lane is one lane of a gate.
type Lane struct {
	Code      string    `json:"code"` // "1" to "6"; "N/1" at a gate that has taken it over
	Gate      string    `json:"gate"` // whose it is
	Direction Direction `json:"direction"`
	Class     Class     `json:"class"`          // default class
	Zone      string    `json:"zone,omitempty"` // default zone; "" lets the class decide
	Barrier   bool      `json:"barrier"`
}

// HomeGate returns the gate nearest to p, ties by code; "" without gates.
func HomeGate(p Point, gates []Gate) string {
	if len(gates) == 0 {
		return ""
	}
	return slices.MinFunc(gates, func(a, b Gate) int {
		return cmp.Or(cmp.Compare(p.Distance(a.At), p.Distance(b.At)), cmp.Compare(a.Code, b.Code))
	}).Code
}

// Nearest returns the free slots that take class, nearest to from first,
// ties by code. skip leaves a slot out (held by another gate, for example);
// nil skips none.
func Nearest(slots []Slot, class Class, from Point, skip func(Slot) bool) []Slot {
	var free []Slot
	for _, s := range slots {
		if s.State == SlotFree && s.Takes(class) && (skip == nil || !skip(s)) {
			free = append(free, s)
		}
	}
	slices.SortFunc(free, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(from.Distance(a.At), from.Distance(b.At)), cmp.Compare(a.Code, b.Code))
	})
	return free
}
