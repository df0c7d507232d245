package feed

import (
	"testing"

	"gatehouse/internal/wire"
)

// An entry that no message holds does not stop a gate for ever: it comes back,
// is given a snapshot, and goes on behind it. Nobody is disturbed by it later.
func TestAnEntryTooLongForAMessageIsPassedOverBySnapshot(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	d.append(3, 10)
	head := int64(3)
	for _, ranges := range []bool{false, true} {
		conn, w := d.dial(wire.Hello{Gate: "N", FeedSeq: head, Ranges: ranges})
		if w.Snapshot {
			t.Fatal("a snapshot although every entry fits")
		}
		d.append(1, wire.MaxMessageBytes)
		d.hear(conn, func(m *wire.Message) bool { return m.Bye != nil })
		head++
		conn, w = d.dial(wire.Hello{Gate: "N", FeedSeq: head - 1, Ranges: ranges})
		if !w.Snapshot || w.FeedSeq != head {
			t.Fatalf("came back to %+v, want a snapshot at %d", w, head)
		}
		d.append(1, 10)
		d.tiles(conn, head, head+1)
		if _, w := d.dial(wire.Hello{Gate: "S", FeedSeq: head, Ranges: ranges}); w.Snapshot {
			t.Fatal("a snapshot for a gate that is behind the long entry already")
		}
		head++
	}
}
