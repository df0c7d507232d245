package simulation

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// breach is a promise that is broken at the end of a day, and the words with
// which the checks must say so.
type breach struct {
	name  string
	spoil func(*world)
	word  string
	rare  []string // what the day holds beside the common faults
}

var breaches = []breach{
	{name: "nothing is broken", spoil: func(*world) {}},
	{name: "the cloud acknowledges before it has committed", spoil: forgedAnswer, word: "lost: the cloud does not hold"},
	{name: "the cloud loses a fact that it acknowledged", spoil: spoilCloud(
		"DELETE FROM facts WHERE id = (SELECT id FROM facts WHERE kind = 'barrier_opened' LIMIT 1)"), word: "lost: the cloud does not hold"},
	{name: "a fact counts twice", spoil: spoilCloud(
		"UPDATE payments SET amount = 2 * amount WHERE id = (SELECT id FROM payments WHERE status = 'paid' LIMIT 1)"), word: "the drivers paid"},
	{name: "a disk forgets what it had confirmed", spoil: forgetfulDisk, word: "are inside for the cloud"},
	{name: "a gate skips an entry of the feed", spoil: skippedEntry, word: "vehicles inside"},
	{name: "the feed has a hole", spoil: spoilCloud(
		"DELETE FROM feed WHERE feed_seq = (SELECT min(feed_seq) FROM feed)"), word: "its head is"},
	{name: "the state depends on more than the facts", spoil: spoilCloud("UPDATE payments SET actor = 'nobody'"), word: "in another order"},
	{name: "nobody makes a restored cloud whole", spoil: restoredAlone, word: "lost: the cloud does not hold"},
	{name: "two machines use one number", spoil: usedTwice, word: "two facts are"},
	{name: "nobody says that a gate is two machines", spoil: spoilCloud(
		"UPDATE conflicts SET state = 'withdrawn', closed_at = opened_at WHERE kind = 'gate_cloned'"), word: "was two machines", rare: []string{gateTwice}},
}

// The days that are tried without being told how many hold each rare fault, and
// one that holds none.
func TestTheUsualDaysHoldEveryFault(t *testing.T) {
	t.Parallel()
	held := map[string]int{}
	for seed := range uint64(shortSeeds) {
		kinds := rareFaults(seed)
		for _, kind := range kinds {
			held[kind]++
		}
		if len(kinds) == 0 {
			held["none"]++
		}
	}
	t.Log(held)
	if len(held) != 4 {
		t.Errorf("%d days hold %v", shortSeeds, held)
	}
}

// The checks see what they are there for: a day is only as good a test as
// they are.
func TestTheChecksSeeABrokenPromise(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, b := range breaches {
		t.Run(b.name, func(t *testing.T) {
			wrong := g.try(t, options{seed: 1, day: time.Hour, pace: pace, rare: append([]string{}, b.rare...)}, b.spoil)
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

// restoredAlone puts the cloud back to a backup and lets no gate come to it.
func restoredAlone(w *world) {
	w.must("stop the cloud", w.cloud.leave(false, w.lines()))
	w.must("back up the cloud", w.backup())
	w.must("start the cloud", w.cloud.serve(w.ctx))
	w.byHand(w.posts...)
	w.settle()
	for _, p := range w.posts {
		w.must("stop", p.stop())
	}
	w.must("stop the cloud", w.cloud.leave(true, w.lines()))
	w.must("restore the cloud", w.putBack())
	w.must("start the cloud", w.cloud.serve(w.ctx))
}

// usedTwice leaves a disk on which another fact has a number that was used.
func usedTwice(w *world) {
	dir, err := w.posts[0].image()
	w.must("image", err)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "gate.db"))
	w.must("open", err)
	_, err = db.ExecContext(w.ctx, "UPDATE outbox SET id = ? WHERE n = (SELECT max(n) FROM outbox)", uuid.NewString())
	w.must("spoil", errors.Join(err, db.Close()))
	w.aside = append(w.aside, disk{code: w.posts[0].code, dir: dir})
}

// come lets one more driver in at a gate.
func (w *world) come(p *post, plate string) {
	d := newDriver(w.seed, 5000, w.day)
	d.plate, d.class = plate, parking.Car
	if !w.enter(p, d) {
		w.fail("%s was not let in", plate)
	}
}
