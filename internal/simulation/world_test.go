package simulation

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud"
	"gatehouse/cloud/bank"
	"gatehouse/gate/lane"
	"gatehouse/internal/private/privatetest/cloudtest"
)

// world is one simulated day of one site. One goroutine, run's, makes
// everything happen; gates and cloud have their own.
type world struct {
	seed   uint64
	day    time.Duration
	pace   int
	alive  time.Duration // before a gate's sign of life
	dir    string
	site   *cloudtest.Site
	ctx    context.Context
	acting context.Context // of guards
	offset time.Duration   // of the simulated clock to the site's
	rng    *rand.Rand

	tap    *tap
	cloud  *replica
	portal *impostor
	proxy  *impostor
	posts  []*post
	codes  []string          // of all gates
	labels []string          // of all machines that there can be
	rare   []string          // faults that the day holds beside the common ones
	alone  bool              // gates do not hear each other
	aside  []disk            // that are in no machine any more
	copied map[string]string // what was done with copies of a gate's disk, by gate
	lan    *lan
	lanMu  sync.Mutex // over lan.ports
	outage bool       // the internet is cut for all gates
	probes int        // vehicles that tried the LAN
	book   ledger

	began   time.Time
	agenda  agenda
	planned int
	did     map[string]int // faults, by name
	errs    []string
	facts   int // on the gates' disks at the end
}

// poolForDays keeps the cloud's connections through a simulated day, which is
// seconds for the database: an hour old they would be made anew, with all that
// the server then learns again.
const poolForDays = "&pool_max_conn_lifetime=240h&pool_max_conn_idle_time=240h&pool_health_check_period=1h&plan_cache_mode=force_generic_plan"

// now is the true time at the site.
func (w *world) now() time.Time { return time.Now().Add(w.offset) }

func (w *world) fail(format string, args ...any) {
	w.errs = append(w.errs, fmt.Sprintf("at %s: ", time.Since(w.began).Round(time.Second))+fmt.Sprintf(format, args...))
}

// must reports an error of what cannot fail in a simulated day.
func (w *world) must(what string, err error) {
	if err != nil {
		w.fail("%s: %v", what, err)
	}
}

// newWorld makes a site in the morning: its cloud and its gates are started
// and know each other. It is called in the bubble.
func newWorld(ctx context.Context, site *cloudtest.Site, gates []*cloudtest.Gate, o options) (*world, error) {
	rng := rand.New(rand.NewPCG(o.seed, 5))
	w := &world{
		seed: o.seed, day: o.day, pace: o.pace, alive: cmp.Or(o.alive, time.Duration(o.pace)*time.Minute), dir: o.dir, site: site, ctx: ctx, rng: rng,
		acting: lane.WithActor(ctx, "lan"), began: time.Now(), did: map[string]int{},
		book: ledger{refusals: map[string]int{}, shown: map[string]uuid.UUID{}}, tap: newTap(rand.New(rand.NewPCG(o.seed, 6))),
		portal: newImpostor(loginPage), proxy: newImpostor(badGateway), rare: o.rare, alone: o.alone, copied: map[string]string{},
	}
	w.offset = cloudtest.Noon.Sub(w.began)
	w.cloud = &replica{tap: w.tap, cfg: cloud.Config{
		DatabaseURL: site.URL + poolForDays, PhotosDir: filepath.Join(o.dir, "photos"), Now: w.now, Pace: o.pace, Log: slog.New(slog.DiscardHandler),
		Bank: bank.Secrets{SePaySecret: bankSecret},
	}}
	if err := w.cloud.serve(ctx); err != nil {
		return w, err
	}
	for _, g := range gates {
		w.codes = append(w.codes, g.Code)
	}
	w.labels = slices.Clone(w.codes)
	for _, code := range w.codes {
		w.labels = append(w.labels, twinOf(code))
	}
	w.lan = newLAN(o.seed, w.labels...)
	for _, g := range gates {
		p, err := newPost(w, g)
		if err != nil {
			return w, err
		}
		w.posts = append(w.posts, p)
		if err := p.start(); err != nil {
			return w, err
		}
	}
	return w, nil
}

// route says who answers a gate in which weather.
func (w *world) route(now weather) *listener {
	switch now {
	case refused:
		return nil
	case portal:
		return w.portal.listener
	case proxied:
		return w.proxy.listener
	}
	return w.cloud.answers()
}

// leave ends everything.
func (w *world) leave() {
	for _, p := range w.posts {
		w.must("stop gate "+p.code, p.stop())
	}
	w.must("stop the cloud", w.cloud.leave(true, w.lines()))
	w.portal.leave()
	w.proxy.leave()
}

func (w *world) lines() []*line {
	var out []*line
	for _, p := range w.posts {
		if p.line != nil {
			out = append(out, p.line)
		}
	}
	return out
}

// live runs the day.
func (w *world) live() {
	w.tap.begin()
	for i := range 40 + w.rng.IntN(50) {
		d := newDriver(w.seed, i, w.day)
		w.after(d.in, func() { w.arrive(d) })
	}
	w.planFaults()
	if !w.alone {
		w.planLAN()
	}
	w.planRare()
	w.play(w.day)
}

// play lets happen what is planned until an end.
func (w *world) play(until time.Duration) {
	for len(w.agenda) > 0 && w.agenda[0].at <= until {
		next := heap.Pop(&w.agenda).(*plan) //nolint:forcetypeassert // nothing else is in it
		time.Sleep(next.at - time.Since(w.began))
		next.do()
		w.watchFeeds()
	}
	if left := until - time.Since(w.began); left > 0 {
		time.Sleep(left)
	}
}

// watchFeeds checks that no gate goes back in the feed of one database, whatever
// is done to it, unless its disk went back.
func (w *world) watchFeeds() {
	for _, p := range w.posts {
		if p.node == nil {
			continue
		}
		site := p.node.State().Site()
		if site.FeedSeq < p.seen && site.Incarnation == p.known {
			w.fail("gate %s went back in the feed from %d to %d", p.label, p.seen, site.FeedSeq)
		}
		p.seen, p.known = site.FeedSeq, site.Incarnation
	}
}

// healing is how long a healed site may take until everybody knows everything.
const healing = time.Hour

// heal repairs everything and waits until nothing is under way.
func (w *world) heal() bool {
	w.tap.calm()
	w.outage = false
	w.lan.set(fair)
	for _, p := range w.posts {
		p.set(fair)
	}
	w.must("start the cloud", w.cloud.serve(w.ctx))
	for _, p := range w.posts {
		w.must("heal", p.start())
	}
	w.carry()
	return w.settle()
}

// settle waits until every gate has sent everything and knows everything.
func (w *world) settle() bool {
	since := time.Now()
	for {
		time.Sleep(5 * time.Second)
		calm, why := w.calm()
		if calm {
			return true
		}
		if time.Since(since) > healing {
			w.fail("an hour after everything was repaired: %s", why)
			for _, p := range w.posts {
				w.fail("gate %s wrote: %s", p.label, strings.Join(p.diary.lines, "  "))
			}
			return false
		}
	}
}

func (w *world) calm() (bool, string) {
	head, err := w.cloud.cloud.Store.Q.FeedHead(w.ctx, w.site.ID)
	if err != nil {
		return false, err.Error()
	}
	for _, p := range w.posts {
		if ok, why := p.quiet(head.FeedSeq); !ok {
			return false, "gate " + p.label + ": " + why
		}
	}
	return true, ""
}

// plan is something that is to happen.
type plan struct {
	at time.Duration
	n  int // ties in the order planned
	do func()
}

// agenda are plans, the next one first.
type agenda []*plan

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push adds a plan.
func (a *agenda) Push(x any) { *a = append(*a, x.(*plan)) }

// Pop takes the last.
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// after plans do for when d has passed.
func (w *world) after(d time.Duration, do func()) {
	w.planned++
	heap.Push(&w.agenda, &plan{at: time.Since(w.began) + d, n: w.planned, do: do})
}
