package simulation

import (
	"context"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// breach is a promise that is broken at the end of a day, and the words with
// which the checks must say so.
type breach struct {
	name  string
	spoil func(*world)
	word  string
}

var breaches = []breach{
	{"nothing is broken", func(*world) {}, ""},
	{"the cloud acknowledges before it has committed", forgedAnswer, "lost: the cloud does not hold"},
	{"the cloud loses a fact that it acknowledged", spoilCloud(
		"DELETE FROM facts WHERE id = (SELECT id FROM facts WHERE kind = 'barrier_opened' LIMIT 1)"), "lost: the cloud does not hold"},
	{"a fact counts twice", spoilCloud(
		"UPDATE payments SET amount = 2 * amount WHERE id = (SELECT id FROM payments WHERE status = 'paid' LIMIT 1)"), "the drivers paid"},
	{"a disk forgets what it had confirmed", forgetfulDisk, "are inside for the cloud"},
	{"a gate skips an entry of the feed", skippedEntry, "vehicles inside"},
	{"the feed has a hole", spoilCloud(
		"DELETE FROM feed WHERE feed_seq = (SELECT min(feed_seq) FROM feed)"), "its head is"},
	{"the state depends on more than the facts", spoilCloud("UPDATE payments SET actor = 'nobody'"), "in another order"},
}

// The checks see what they are there for: a day is only as good a test as
// they are.
func TestTheChecksSeeABrokenPromise(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, b := range breaches {
		t.Run(b.name, func(t *testing.T) {
			wrong := g.try(t, options{seed: 1, day: time.Hour, pace: pace}, b.spoil)
			switch told := strings.Join(wrong, "\n"); {
			case b.word == "" && len(wrong) > 0:
				t.Errorf("nothing was broken, and the checks say:\n%s", told)
			case b.word != "" && !strings.Contains(told, b.word):
				t.Errorf("the checks do not say %q but:\n%s", b.word, told)
			}
		})
	}
}

// forgedAnswer lets each gate write a fact whose batch is acknowledged and
// thrown away.
func forgedAnswer(w *world) {
	w.tap.mu.Lock()
	w.tap.lie = true
	w.tap.mu.Unlock()
	for _, p := range w.posts {
		w.must("write", p.node.Desk().OpenByHand(w.acting, "1", "nobody will know"))
	}
	w.settle()
}

// spoilCloud changes the cloud's database behind its back.
func spoilCloud(statement string) func(*world) {
	return func(w *world) {
		tag, err := w.cloud.cloud.Store.Pool.Exec(w.ctx, statement)
		w.must("spoil", err)
		if tag.RowsAffected() == 0 {
			w.fail("nothing was spoilt")
		}
	}
}

// forgetfulDisk lets a vehicle in at a gate whose disk then is as it was
// before.
func forgetfulDisk(w *world) {
	w.lan.set(cut) // else its neighbours tell it
	p := w.posts[0]
	p.set(cut)
	before := p.folder()
	w.must("copy the disk", copyDisk(p.dir, before))
	w.come(p, "51A99999")
	w.must("kill", p.kill())
	p.dir = before
	w.must("start", p.start())
	p.set(fair)
	w.settle()
}

// skippedEntry makes a gate believe that it has applied the next entry.
func skippedEntry(w *world) {
	w.lan.set(cut) // else the other gate tells it
	p, other := w.posts[0], w.posts[1]
	next := wire.Delta{FeedSeq: p.node.State().Site().FeedSeq + 1}
	w.must("skip", p.node.State().ApplyDeltas(context.WithoutCancel(w.ctx), next))
	w.come(other, "51A99998")
	w.settle()
}

// come lets one more driver in at a gate.
func (w *world) come(p *post, plate string) {
	d := newDriver(w.seed, 5000, w.day)
	d.plate, d.class = plate, parking.Car
	if !w.enter(p, d) {
		w.fail("%s was not let in", plate)
	}
}
