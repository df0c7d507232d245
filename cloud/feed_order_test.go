package cloud_test

import (
	"testing"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Entries that two replicas committed by turns reach a gate in order and
// without a hole, although its replica hears of its own at once and of the
// other's only when it looks (there is no Redis here).
func TestEntriesOfTwoReplicasComeInOrder(t *testing.T) {
	t.Parallel()
	const rounds = 6
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	near, far := start(t, s, "", c, 0), start(t, s, "", c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	token := near.token(t, n)
	conn, _ := near.dial(t, near.token(t, south))
	greet(t, conn, south, 0, uuid.Nil)
	for range rounds {
		for _, r := range []*replica{far, near} {
			fact := n.Fact(t, parking.KindAlive, c.now(), struct{}{})
			r.bring(t, n, token, []parking.Fact{fact})
		}
	}
	next := int64(1)
	for next <= 2*rounds {
		m := hear(t, conn, func(m *wire.Message) bool { return len(m.Deltas) > 0 })
		for _, d := range m.Deltas {
			if d.FeedSeq != next {
				t.Fatalf("entry %d came, want %d", d.FeedSeq, next)
			}
			next++
		}
	}
}
