package simulation

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/cloud/export"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// checkViews compares what every gate shows with what the cloud knows.
func (w *world) checkViews() {
	for _, p := range w.posts {
		if p.node == nil || w.cloud.cloud == nil {
			w.fail("gate %s or the cloud does not run", p.code)
			return
		}
		snap, err := w.cloud.cloud.Store.Snapshot(w.ctx, w.site.ID, p.code, w.now())
		if err != nil {
			w.fail("the snapshot cannot be read: %v", err)
			return
		}
		site := p.node.State().Site()
		if id, err := w.cloud.cloud.Store.Q.Incarnation(w.ctx); err != nil || site.Incarnation != id {
			w.fail("gate %s knows the database %s, the cloud's is %s (%v)", p.label, site.Incarnation, id, err)
		}
		w.same(p.code+"'s vehicles inside", byID(site.Inside, stayKey), byID(inside(snap.Stays), stayKey))
		w.checkGone(p, snap.Stays)
		w.same(p.code+"'s slots", byID(site.Slots, func(s parking.Slot) string { return s.Code }), byID(snap.Slots, func(s parking.Slot) string { return s.Code }))
		w.same(p.code+"'s conflicts", byID(site.Conflicts, conflictKey), byID(snap.Conflicts, conflictKey))
		w.same(p.code+"'s lanes", byID(site.Config.Lanes, laneKey), byID(snap.Config.Lanes, laneKey))
	}
}

// checkGone compares the stays that have ended: a change that a gate missed
// may show nowhere else.
func (w *world) checkGone(p *post, stays []parking.Stay) {
	known, want := map[string]string{}, map[string]string{}
	for _, s := range stays {
		if s.State == parking.Inside {
			continue
		}
		here, err := p.node.State().Stay(w.ctx, s.ID)
		if err != nil {
			w.fail("%s does not know %s, which is %s: %v", p.code, s.ID, s.State, err)
			continue
		}
		maps.Copy(known, byID([]parking.Stay{here}, stayKey))
		maps.Copy(want, byID([]parking.Stay{s}, stayKey))
	}
	w.same(p.code+"'s vehicles gone", known, want)
}

func stayKey(s parking.Stay) string      { return s.ID.String() }
func conflictKey(c wire.Conflict) string { return c.ID }
func laneKey(l parking.Lane) string      { return l.Gate + " " + l.Code }

func inside(stays []parking.Stay) []parking.Stay {
	return slices.DeleteFunc(slices.Clone(stays), func(s parking.Stay) bool { return s.State != parking.Inside })
}

// byID is a list as JSON by key.
func byID[T any](list []T, key func(T) string) map[string]string {
	out := map[string]string{}
	for _, v := range list {
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte(err.Error())
		}
		out[key(v)] = string(text)
	}
	return out
}

// same reports what differs between a gate and the cloud.
func (w *world) same(what string, gate, cloud map[string]string) {
	keys := slices.Concat(slices.Collect(maps.Keys(gate)), slices.Collect(maps.Keys(cloud)))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if gate[key] != cloud[key] {
			w.fail("%s: %s\n  gate:  %s\n  cloud: %s", what, key, gate[key], cloud[key])
		}
	}
}

// kept is a fact as a gate's disk or the cloud has it.
type kept struct {
	id      string
	gate    string
	epoch   string
	seq     int64
	encoded []byte
	settled bool // on a disk: acknowledged, and covered by the feed
}

func (k kept) place() string { return fmt.Sprintf("%s %s %d", k.gate, k.epoch, k.seq) }

// check compares disks, ledger and cloud after the day. Nothing runs any more.
func (g *ground) check(t *testing.T, w *world) []string {
	t.Helper()
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for _, line := range w.tap.wrong {
		say("acknowledgements: %s", line)
	}
	disks := w.disks(t, say)
	w.facts = len(disks)
	cloud := g.held(t)
	for _, f := range disks {
		switch c, ok := cloud[f.id]; {
		case !ok:
			say("lost: the cloud does not hold %s", f.place())
		case c.place() != f.place() || !bytes.Equal(c.encoded, f.encoded):
			say("changed: %s is held as %s", f.place(), c.place())
		}
		delete(cloud, f.id)
	}
	for _, c := range cloud {
		say("invented: no disk has %s", c.place())
	}
	g.checkCounts(t, len(disks), say)
	g.checkLedger(t, &w.book, say)
	g.checkRare(t, w, disks, say)
	if len(wrong) == 0 {
		g.checkOrder(t, w, disks, say)
	}
	return wrong
}

// disks are the facts of all disks, of machines and put aside, each once.
func (w *world) disks(t *testing.T, say func(string, ...any)) []kept {
	t.Helper()
	all := slices.Clone(w.aside)
	for _, p := range w.posts {
		all = append(all, disk{code: p.code, dir: p.dir, works: true})
	}
	var out []kept
	byID, byPlace := map[string]kept{}, map[string]string{}
	for _, d := range all {
		facts, err := readDisk(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		chain(facts, d.works, say)
		for _, f := range facts {
			switch known, ok := byID[f.id]; {
			case ok && (known.place() != f.place() || !bytes.Equal(known.encoded, f.encoded)):
				say("two disks differ in %s", f.place())
			case !ok && byPlace[f.place()] != "":
				say("two facts are %s", f.place())
			case !ok:
				out = append(out, f)
			}
			byID[f.id], byPlace[f.place()] = f, f.id
		}
	}
	return out
}

// readDisk reads the facts of a gate in the order written.
func readDisk(ctx context.Context, d disk) (facts []kept, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.dir, "gate.db"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, "SELECT id, epoch, seq, encoded, acked_ms IS NOT NULL AND covered = 1 FROM outbox ORDER BY n")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		f := kept{gate: d.code}
		if err := rows.Scan(&f.id, &f.epoch, &f.seq, &f.encoded, &f.settled); err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, rows.Err()
}

// chain checks that a disk's facts count without a gap in each epoch and name
// the fact before; and, on a disk that works, that all have been sent.
func chain(facts []kept, works bool, say func(string, ...any)) {
	prev, before := "", kept{}
	for _, f := range facts {
		fact, err := parking.DecodeFact(f.encoded)
		if err != nil {
			say("%s cannot be read: %v", f.place(), err)
			continue
		}
		if f.epoch == before.epoch && f.seq != before.seq+1 || f.epoch != before.epoch && f.seq != 1 {
			say("%s follows %s", f.place(), before.place())
		}
		if works && !f.settled {
			say("%s still waits on its disk, or lies over the cloud's state", f.place())
		}
		if fact.Prev != prev {
			say("%s does not name the fact before it", f.place())
		}
		prev, before = parking.FactHash(f.encoded), f
	}
}

// held are the facts that the cloud holds of its gates, by id.
func (g *ground) held(t *testing.T) map[string]kept {
	t.Helper()
	rows, err := g.site.Store.Pool.Query(t.Context(),
		"SELECT id::text, gate, epoch, seq, encoded FROM facts WHERE site_id = $1 AND gate <> $2", g.site.ID, parking.CloudGate)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]kept{}
	for rows.Next() {
		var f kept
		if err := rows.Scan(&f.id, &f.gate, &f.epoch, &f.seq, &f.encoded); err != nil {
			t.Fatal(err)
		}
		out[f.id] = f
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// number asks the database for one number about the site.
func (g *ground) number(t *testing.T, query string) int64 {
	t.Helper()
	var n int64
	if err := g.site.Store.Pool.QueryRow(t.Context(), query, g.site.ID).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// checkCounts checks that every fact counts once, that no epoch has a gap, and
// that the feed has none.
func (g *ground) checkCounts(t *testing.T, want int, say func(string, ...any)) {
	t.Helper()
	for what, query := range map[string]string{
		"rows of facts":           "SELECT count(*) FROM facts WHERE site_id = $1 AND gate <> 'cloud'",
		"distinct facts":          "SELECT count(DISTINCT id) FROM facts WHERE site_id = $1 AND gate <> 'cloud'",
		"facts counted":           "SELECT count(*) FROM processed_events WHERE site_id = $1 AND gate <> 'cloud' AND outcome = 'applied'",
		"acknowledged as durable": "SELECT coalesce(sum(seq), 0)::bigint FROM gate_epochs WHERE site_id = $1 AND gate <> 'cloud'",
	} {
		if n := g.number(t, query); n != int64(want) {
			say("%s: %d, the disks hold %d", what, n, want)
		}
	}
	head := g.number(t, "SELECT feed_seq FROM site_feeds WHERE site_id = $1")
	n := g.number(t, "SELECT count(DISTINCT feed_seq) FROM feed WHERE site_id = $1")
	last := g.number(t, "SELECT coalesce(max(feed_seq), 0) FROM feed WHERE site_id = $1")
	trimmed := g.number(t, "SELECT trimmed FROM site_feeds WHERE site_id = $1") // after a week
	if n != head-trimmed || last != head {
		say("the feed holds %d entries up to %d, its head is %d, and it was trimmed up to %d", n, last, head, trimmed)
	}
}

// checkLedger compares what the drivers know with what the cloud counts. A
// driver who was let out as unknown leaves his entry open until somebody, or
// the cloud itself, finds that the two belong together.
func (g *ground) checkLedger(t *testing.T, book *ledger, say func(string, ...any)) {
	t.Helper()
	inside := g.number(t, "SELECT count(*) FROM transactions WHERE site_id = $1 AND state = 'inside'")
	unmatched := g.number(t, "SELECT count(*) FROM conflicts WHERE site_id = $1 AND state = 'open' AND kind = 'exit_unknown'")
	if book.opened-book.closed-book.unknown-book.voided != book.inside {
		say("the drivers' ledger does not add up: %+v", *book)
	}
	if inside != int64(book.inside)+unmatched {
		say("%d are inside for the cloud, %d for the drivers, and %d exits are unmatched", inside, book.inside, unmatched)
	}
	if paid := g.number(t, "SELECT coalesce(sum(amount), 0)::bigint FROM payments WHERE site_id = $1 AND status = 'paid'"); paid != int64(book.paid) {
		say("the cloud counts %d dong, the drivers paid %d", paid, book.paid)
	}
	if n := g.number(t, "SELECT count(*) FROM quarantine WHERE site_id = $1"); n != 0 {
		say("%d facts are in quarantine", n)
	}
}

// checkOrder brings the same facts once more to an empty site, one gate after
// the other, and wants the same canonical dump.
func (g *ground) checkOrder(t *testing.T, w *world, facts []kept, say func(string, ...any)) {
	t.Helper()
	if g.number(t, "SELECT count(*) FROM facts WHERE site_id = $1 AND gate = 'cloud'") != 0 {
		say("the cloud wrote facts of its own, and the day cannot be told again from the disks")
		return
	}
	want := g.dump(t)
	g.empty(t)
	slices.SortStableFunc(facts, func(a, b kept) int {
		return cmp.Or(-strings.Compare(a.gate, b.gate), strings.Compare(a.epoch, b.epoch), cmp.Compare(a.seq, b.seq))
	})
	for len(facts) > 0 {
		n := 1
		for n < len(facts) && n < 1+w.rng.IntN(wire.MaxBatchFacts) && facts[n].epoch == facts[0].epoch {
			n++
		}
		g.bring(t, facts[:n])
		facts = facts[n:]
	}
	if got := g.dump(t); got != want {
		say("the same facts in another order end in another state:\n%s", difference(want, got))
	}
}

func (g *ground) dump(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Canonical(t.Context(), g.site.Store, g.site.Code, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// difference are the lines that only one of two dumps has.
func difference(want, got string) string {
	var out strings.Builder
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range a {
		if !slices.Contains(b, line) {
			out.WriteString("- " + line + "\n")
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			out.WriteString("+ " + line + "\n")
		}
	}
	return out.String()
}
