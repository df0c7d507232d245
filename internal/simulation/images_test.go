package simulation

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/ingest"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// Kinds of fault about whole disks and databases, as a day counts them. A day
// holds those that its seed draws.
const (
	gateRestored  = "gate restored from an old image"
	gateTwice     = "two machines from one image"
	cloudRestored = "cloud restored from an old backup"
)

// rareFaults are those of a seed, out of a source of their own: what else
// happens in its day stays as it was.
func rareFaults(seed uint64) []string {
	rng := rand.New(rand.NewPCG(seed, 7))
	var out []string
	for _, kind := range []string{gateRestored, gateTwice, cloudRestored} {
		if rng.IntN(5) < 2 {
			out = append(out, kind)
		}
	}
	return out
}

// planRare plans the day's images, clones and backups, each at a gate of its own.
func (w *world) planRare() {
	rng := rand.New(rand.NewPCG(w.seed, 8))
	order := rng.Perm(len(w.posts))
	for _, kind := range []string{gateRestored, gateTwice, cloudRestored} {
		switch at, later := moment(rng, w.day/3), w.someHours(rng); {
		case !slices.Contains(w.rare, kind):
		case kind == gateRestored:
			w.planImage(w.posts[order[0]], rng, at, later)
		case kind == gateTwice:
			w.planTwin(w.posts[order[1]], rng, at, later)
		default:
			w.planBackup(w.posts[order[2]], rng, at, later)
		}
	}
}

// someHours are, of a day of 24 hours, two to eight.
func (w *world) someHours(rng *rand.Rand) time.Duration { return w.day/12 + moment(rng, w.day/4) }

// image copies the gate's disk as it is at this moment.
func (p *post) image() (string, error) {
	synctest.Wait() // nobody writes meanwhile
	to := p.folder()
	return to, copyDisk(p.dir, to)
}

// putAside keeps the gate's disk, whose program has ended, and puts an image in
// its place.
func (p *post) putAside(image string, dead bool) error {
	p.world.aside = append(p.world.aside, disk{code: p.code, dir: p.dir, dead: dead})
	p.dir, p.seen = p.folder(), 0
	return copyDisk(image, p.dir)
}

// planImage lets a gate go on, hours later, with its disk as it was. The disk of
// before is dead if the cloud had everything of it; else an operator brings what
// is on it to the cloud, in a file.
func (w *world) planImage(p *post, rng *rand.Rand, at, later time.Duration) {
	killed, unsent, off := rng.IntN(2) == 0, rng.IntN(2) == 0, time.Second+moment(rng, 20*time.Minute)
	image := ""
	w.after(at, func() {
		var err error
		image, err = p.image()
		w.must("image of gate "+p.code, err)
	})
	var restore func()
	restore = func() {
		if p.node == nil {
			w.after(comeBack, restore)
			return
		}
		// At the least this is what the image does not know.
		w.turnedAway(p.node.Desk().OpenByHand(w.acting, "1", "the sweeper"))
		if !unsent {
			synctest.Wait()
		}
		dead := p.node.Link().Queue == 0 && !slices.Contains(w.rare, cloudRestored)
		end := p.stop
		if killed {
			end = p.kill
		}
		w.must("end gate "+p.code, errors.Join(end(), p.putAside(image, dead)))
		w.did[gateRestored]++
		w.copied[p.code] = gateRestored
		w.after(off, func() {
			w.must("start", p.start())
			w.carry()
		})
	}
	w.after(at+later, restore)
}

// planTwin starts a second machine from the image of a gate. Both work as that
// gate for some hours, the second at first without the internet on some days.
// Then the second ends, once it has sent everything.
func (w *world) planTwin(p *post, rng *rand.Rand, at, later time.Duration) {
	old, alone := moment(rng, w.day/6), moment(rng, 2*later/3)
	if rng.IntN(2) == 0 {
		old = 0 // of the disk as it is
	}
	if rng.IntN(2) == 0 {
		alone = 0
	}
	image := ""
	w.after(at, func() {
		var err error
		image, err = p.image()
		w.must("image of gate "+p.code, err)
	})
	var begin func()
	begin = func() {
		if p.node == nil {
			w.after(comeBack, begin)
			return
		}
		twin := newTwin(p)
		w.must("image of gate "+p.code, copyDisk(image, twin.dir))
		if alone > 0 {
			twin.set(cut)
			w.after(alone, func() { twin.set(fair) })
		}
		w.must("start a second machine", twin.start())
		w.posts = append(w.posts, twin)
		w.did[gateTwice]++
		w.copied[p.code] = gateTwice
		for i := range 4 { // both work, whatever drivers do
			w.after(later*time.Duration(i)/4+time.Minute, func() { w.byHand(p, twin) })
		}
		w.after(later, func() { w.endTwin(twin) })
	}
	w.after(at+old, begin)
}

// newTwin is a second machine of a gate, with a disk that is still empty.
func newTwin(p *post) *post {
	twin := &post{code: p.code, label: twinOf(p.code), of: p, world: p.world, bootAt: time.Now(), boots: 1}
	twin.dir = twin.folder()
	return twin
}

// twinOf is what the second machine of a gate is called.
func twinOf(code string) string { return strings.ToLower(code) }

// endTwin ends a second machine that has nothing to send any more.
func (w *world) endTwin(twin *post) {
	if link := twin.node.Link(); link.State == "offline" || link.Queue > 0 {
		w.after(comeBack, func() { w.endTwin(twin) })
		return
	}
	w.must("end a second machine", twin.stop())
	w.aside = append(w.aside, disk{code: twin.code, dir: twin.dir})
	w.posts = slices.DeleteFunc(w.posts, func(p *post) bool { return p == twin })
}

// byHand lets machines write something, those that run.
func (w *world) byHand(posts ...*post) {
	for _, p := range posts {
		if p.node != nil {
			w.turnedAway(p.node.Desk().OpenByHand(w.acting, "1", "the sweeper"))
		}
	}
}

// twofold says whether a gate is two machines now.
func (w *world) twofold(p *post) bool {
	return p.of != nil || slices.ContainsFunc(w.posts, func(q *post) bool { return q.of == p })
}

// disk is a disk, in a machine or not any more.
type disk struct {
	code, dir string
	works     bool // in a machine
	dead      bool // nobody can read it any more, but the checks
}

// checkRare checks that nothing was used twice, and that the cloud and the gates
// say of copied disks what was done with them, and say it of no others.
func (g *ground) checkRare(t *testing.T, w *world, facts []kept, say func(string, ...any)) {
	t.Helper()
	if n := g.number(t, "SELECT count(*) FROM conflicts WHERE site_id = $1 AND kind IN ('reference_twice', 'receipt_twice') AND state <> 'withdrawn'"); n != 0 {
		say("%d references or receipts were used twice", n)
	}
	found, told := g.copies(t, facts), alarms(facts)
	for _, code := range w.codes {
		switch done := w.copied[code]; {
		case done == "" && len(found[code])+len(told[code]) > 0:
			say("the disk of gate %s was not copied, but the cloud says %v and gates say %v", code, found[code], told[code])
		case done == gateTwice && !found[code][ingest.GateCloned]:
			say("gate %s was two machines, and the cloud says %v", code, found[code])
		case done == gateRestored && (!found[code][ingest.GateRolledBack] || found[code][ingest.GateCloned]):
			say("gate %s went back to an image, and the cloud says %v", code, found[code])
		case done != "" && len(told[code]) == 0 && w.did[cloudRestored] == 0:
			say("no machine of gate %s has said that its disk was copied", code)
		}
	}
}

// copies are the kinds of open conflicts about copied disks, by gate.
func (g *ground) copies(t *testing.T, facts []kept) map[string]map[string]bool {
	t.Helper()
	gates, out := map[string]string{}, map[string]map[string]bool{}
	for _, f := range facts {
		gates[f.id] = f.gate
		out[f.gate] = map[string]bool{}
	}
	rows, err := g.site.Store.Pool.Query(t.Context(),
		"SELECT kind, facts[1]::text FROM conflicts WHERE site_id = $1 AND kind = ANY ($2) AND state = 'open'", g.site.ID, []string{ingest.GateCloned, ingest.GateRolledBack})
	if err != nil {
		t.Fatal(err)
	}
	var kind, fact string
	if _, err := pgx.ForEachRow(rows, []any{&kind, &fact}, func() error { out[gates[fact]][kind] = true; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// alarms are the codes of the alarms about copied disks, by gate.
func alarms(facts []kept) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, f := range facts {
		fact, err := parking.DecodeFact(f.encoded)
		if err != nil || fact.Kind != parking.KindAlarm {
			continue
		}
		var body parking.Alarm
		if err := json.Unmarshal(fact.Body, &body); err != nil || body.Code != state.TroubleCloned && body.Code != state.TroubleRolledBack {
			continue
		}
		if out[f.gate] == nil {
			out[f.gate] = map[string]bool{}
		}
		out[f.gate][body.Code] = true
	}
	return out
}
