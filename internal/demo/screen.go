package demo

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/parking"
)

// screen is what a simulation prints: plain lines, each with the time since
// the first driver, so that it reads the same on a terminal and in a file.
type screen struct {
	out io.Writer

	mu      sync.Mutex
	site    *simSite
	traffic *traffic
	began   time.Time
}

// begin says where the site is and starts the time.
func (s *screen) begin(site *simSite, t *traffic) {
	s.mu.Lock()
	s.site, s.traffic, s.began = site, t, time.Now()
	s.mu.Unlock()
	if site.spaces == nil {
		s.plain("The site is up: %s", site.replica())
		for _, u := range site.seed.Users {
			if u.Role == "admin" {
				s.plain("Sign in at site %q as %s with %s", site.seed.SiteCode, u.Name, u.Password)
			}
		}
	}
	s.plain("Type help for what can go wrong, end to end; Ctrl-C stops without a check.\n")
}

// plain prints a line as it is.
func (s *screen) plain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.out, format+"\n", args...)
}

// tell prints a line with its time.
func (s *screen) tell(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.out, "%s  -- "+format+"\n", append([]any{s.stamp()}, args...)...)
}

func (s *screen) stamp() string {
	d := time.Since(s.began)
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// live prints how it goes.
func (s *screen) live(ctx context.Context) {
	gates := s.site.queues(ctx)
	t := s.traffic.ledger.Totals()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.out, "%s  in %d  out %d  inside %d  cash %s  transfers %s  | %s\n",
		s.stamp(), t.In, t.Out, t.Inside(), dong(t.Cash), dong(t.Transfer), strings.Join(gates, "  "))
}

func dong(m parking.Money) string { return m.Format("VND", "en") }

// result prints what a simulation found.
func (s *screen) result(r *simResult) {
	row := func(name, format string, args ...any) { s.plain("  %-12s "+format, append([]any{name}, args...)...) }
	s.plain("\nGates %d, replicas %d, seed %d, %.0f s of traffic, %d faults", r.Gates, r.Clouds, r.Seed, r.Seconds, r.Faults)
	row("drivers", "%d came in, %d left, %d are inside; %d turned round, %d drove on", r.In, r.Out, r.Inside, r.TurnedRound, r.DroveOn)
	if r.CutOut+r.CutTurned > 0 {
		row("cut off", "%d left by another gate than they came in while no gate reached the cloud, %d of them came in during that cut; %d turned round", r.CutOut, r.CutBoth, r.CutTurned)
	}
	if r.ByBank+r.ByTelephone > 0 {
		row("transfers", "%d opened the barrier when the bank told of them (median %.0f ms, p95 %.0f ms after it had told), %d were confirmed by hand before",
			r.ByBank, 1000*r.BankMedian, 1000*r.Bank95, r.ByTelephone)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Refused)) {
		row("refused", "%d: %s", r.Refused[why], why)
	}
	row("faults", "gates killed %d times, replicas %d times, %d answers lost, %d copies of batches", r.KillsGates, r.KillsClouds, r.LostAnswers, r.Copies)
	row("agreement", "gates and cloud agreed %.1f s after everything was healed", r.AgreedAfter)
	b := r.Books
	row("stays", "%d opened - %d closed = %d inside", b.Opened, b.Closed, b.Inside)
	row("money", "cash %s, transfers %s", dong(b.Cash), dong(b.Transfer))
	for _, gate := range slices.Sorted(maps.Keys(b.Drawers)) {
		row("", "drawer of gate %s: %s", gate, dong(b.Drawers[gate]))
	}
	row("slots", "%d held, each once", b.SlotsHeld)
	row("facts", "%d on the gates' disks, %d in the cloud", b.FactsDisks, b.FactsCloud)
	for _, kind := range slices.Sorted(maps.Keys(b.Conflicts)) {
		row("conflicts", "%d %s, for a person to settle", b.Conflicts[kind], kind)
	}
	if r.OK {
		s.plain("\nThe books are equal to what the drivers know.")
		return
	}
	s.plain("\nNOT EQUAL:")
	for _, what := range slices.Concat(r.Trouble, b.Differences) {
		s.plain("  %s", what)
	}
}
