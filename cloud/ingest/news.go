package ingest

import (
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// news is what a set of new facts may change, beside the lanes: which stays
// have to be folded anew, and which groups have to be judged anew.
type news struct {
	facts    []parking.Told        // the new facts themselves
	stays    map[uuid.UUID]bool    // whose facts, or what their facts mean, changed
	receipts map[string]bool       // series and number
	boots    map[parking.Boot]bool // whose clock was observed
	settled  map[string]bool       // conflicts that somebody settled
	slots    map[string]time.Time  // new versions, by key: the earliest time from which one holds
	passes   map[string]time.Time  //
	rights   map[string]time.Time  //
	tokens   map[string]bool       //
	plates   map[string]bool       // of the block list
	lanes    map[string]bool       // gates whose lanes were turned
	moved    []parking.Told        // facts whose time may have changed
}

func newNews() *news {
	return &news{
		stays: map[uuid.UUID]bool{}, receipts: map[string]bool{}, boots: map[parking.Boot]bool{}, settled: map[string]bool{},
		slots: map[string]time.Time{}, passes: map[string]time.Time{}, rights: map[string]time.Time{},
		tokens: map[string]bool{}, plates: map[string]bool{}, lanes: map[string]bool{},
	}
}

// learn takes in one new fact.
func (n *news) learn(f parking.Told) {
	n.facts = append(n.facts, f)
	n.touch(f)
	key, from := parking.VersionOf(f.Says)
	switch b := f.Says.(type) {
	case *parking.ExitMatched:
		n.stays[b.Exit] = true
	case *parking.ConflictSettled:
		n.settled[b.Conflict] = true
	case *parking.SlotVersion:
		earliest(n.slots, key, from)
	case *parking.PassVersion:
		earliest(n.passes, key, from)
	case *parking.RightVersion:
		earliest(n.rights, key, from)
	case *parking.TokenVersion:
		n.tokens[key] = true
	case *parking.BlockVersion:
		n.plates[key] = true
	}
}

// touch notes what has to be looked at again when the fact is new, or its time
// is another than was thought.
func (n *news) touch(f parking.Told) {
	if stay := parking.StayOf(f.Fact); stay != uuid.Nil && parking.AboutStay(f.Kind) {
		n.stays[stay] = true
	}
	switch b := f.Says.(type) {
	case *parking.ReceiptIssued:
		n.receipts[parking.SubjectOf(b)] = true
	case *parking.ClockObserved:
		n.boots[parking.Boot{Gate: f.Gate, ID: b.Boot}] = true
	case *parking.LaneChanged:
		n.lanes[f.Gate] = true
	}
}

// earliest keeps the earlier of two times for a key.
func earliest(of map[string]time.Time, key string, at time.Time) {
	if was, there := of[key]; !there || at.Before(was) {
		of[key] = at
	}
}
