package lane

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// deedsKept is how long it is known who has acted where: an act that can be
// taken back, and the time that it took.
const deedsKept = takeBackWithin + time.Minute

// deeds are what guards have done just now, so that nobody takes back what
// another has built upon. The zero value is ready.
type deeds struct {
	mu   sync.Mutex
	n    uint64
	list []deed // oldest first, at most as many as guards do in deedsKept
}

// deed is one act of a guard at a lane, or with a stay.
type deed struct {
	n     uint64
	at    time.Duration
	guard Guard
	lane  string
	stay  uuid.UUID
}

// count is the number of the last deed.
func (d *deeds) count() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// note remembers one; old ones are forgotten.
func (d *deeds) note(one deed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old := slices.IndexFunc(d.list, func(o deed) bool { return one.at-o.at <= deedsKept })
	if old < 0 {
		old = len(d.list)
	}
	d.n++
	one.n = d.n
	d.list = append(d.list[old:], one)
}

// other is a guard beside me who has acted after the deed number since at a
// lane, "" for none, or with a stay, the zero id for none.
func (d *deeds) other(since uint64, me, lane string, stay uuid.UUID) (Guard, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := slices.IndexFunc(d.list, func(o deed) bool {
		return o.n > since && o.guard.Name != me && (lane != "" && o.lane == lane || stay != uuid.Nil && o.stay == stay)
	})
	if at < 0 {
		return Guard{}, false
	}
	return d.list[at].guard, true
}

// mono is the machine's monotonic clock: a minute is a minute, whatever is
// learned about the time of day meanwhile.
func (d *Desk) mono() time.Duration {
	return time.Duration(d.cfg.State.Clock().Read().MonoMS) * time.Millisecond
}

type tallyKey struct{}

// tally collects what one act writes, wherever in the desk it does so.
type tally struct {
	mu   sync.Mutex
	told []parking.Told
}

func (t *tally) add(told parking.Told) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told = append(t.told, told)
}

func (t *tally) all() []parking.Told {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told
}

// noteWritten tells who counts of facts that an act has written. What programs
// do is no guard's deed.
func (d *Desk) noteWritten(ctx context.Context, drafts []state.Draft, facts []parking.Fact) {
	if t, ok := ctx.Value(tallyKey{}).(*tally); ok {
		for i := range facts {
			t.add(parking.Told{Fact: facts[i], Says: drafts[i].Body})
		}
	}
	g := d.signedIn(ctx)
	if name, ok := ctx.Value(actorKey{}).(string); ok && name != "" || g == nil {
		return
	}
	for i := range facts {
		if stay := parking.StayOf(facts[i]); stay != uuid.Nil && facts[i].Actor == g.Name {
			d.deeds.note(deed{at: d.mono(), guard: *g, stay: stay})
		}
	}
}
