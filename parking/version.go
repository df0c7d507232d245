package parking

import (
	"time"

	"github.com/google/uuid"
)

// VersionOf returns the key of what a slot, pass, token, block, message or
// right fact is a version of, and the time from which it holds; "" for other bodies.
func VersionOf(body any) (key string, from time.Time) {
	switch b := body.(type) {
	case *SlotVersion:
		key, from = b.Slot, b.From
	case *PassVersion:
		key, from = b.Pass, b.From
	case *TokenVersion:
		key, from = b.Token, b.From
	case *BlockVersion:
		key, from = string(b.Plate), b.From
	case *MessageVersion:
		if b.Message != uuid.Nil {
			key, from = b.Message.String(), b.From
		}
	case *RightVersion:
		key, from = b.Name, b.From
	}
	return key, BusinessTime(from)
}

// Covers says whether a pass covers an entry: at its time the pass has begun,
// has not ended and is not suspended, and it is for the plate (one that is not
// known yet is covered), the class and the zone of the entry.
func (b *PassVersion) Covers(at time.Time, plate Plate, class Class, zone string) bool {
	return !b.Suspended && !at.Before(BusinessTime(b.Begins)) && at.Before(BusinessTime(b.Ends)) && b.isFor(plate, class, zone)
}
