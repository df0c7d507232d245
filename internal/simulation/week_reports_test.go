package simulation

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/report"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// checkReports: the read models of the pages come to what drivers and guards
// know, and the pages about theft show the dishonest guard and nobody else.
func (k *week) checkReports(t *testing.T, g *ground, say func(string, ...any)) {
	t.Helper()
	b := books.New(g.site.Store.Q)
	site, err := b.Site(t.Context(), g.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	begin := k.w.began.Add(k.w.offset)
	from := parking.MakeLocalDate(begin.In(site.Zone).Date())
	// The last notices and hand-overs come after the last driver.
	period, err := site.Period(from, from+parking.LocalDate(k.w.day/(24*time.Hour))+2)
	if err != nil {
		t.Fatal(err)
	}
	now := begin.Add(k.w.day + 72*time.Hour)
	k.checkRevenue(t, b, site, period, say)
	k.checkDrawers(t, b, site, period, now, say)
	k.checkDays(t, b, site, period, now, say)
	k.checkTheft(t, g, b, site, period, now, say)
}

// checkRevenue: the figures of the Revenue page and of the PDF.
func (k *week) checkRevenue(t *testing.T, b *books.Books, site books.Site, period books.Period, say func(string, ...any)) {
	t.Helper()
	r, err := b.Revenue(t.Context(), site, period)
	if err != nil {
		t.Fatal(err)
	}
	if r.Total.Amount != k.book.cash+k.book.counted() || r.Refunds.Amount != k.book.back || r.Net() != k.book.cash+k.book.counted()-k.book.back {
		say("the revenue is %d, given back %d; drivers paid %d and %d, and got %d", r.Total.Amount, r.Refunds.Amount, k.book.cash, k.book.counted(), k.book.back)
	}
	for _, m := range r.Methods {
		if m.Key == string(parking.Cash) && m.Amount != k.book.cash {
			say("the revenue in cash is %d, drivers paid %d", m.Amount, k.book.cash)
		}
	}
	c, err := b.CashUp(t.Context(), site, period)
	if err != nil {
		t.Fatal(err)
	}
	var pdf bytes.Buffer
	if err := report.CashUp(&pdf, c, report.Made{By: "admin", At: time.Now(), Lang: words.En}); err != nil {
		t.Fatal(err)
	}
	read := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
	read.Stdin = &pdf
	text, err := read.Output()
	if err != nil {
		t.Fatalf("read the PDF: %v", err)
	}
	for what, sum := range map[string]parking.Money{
		"total": k.book.cash + k.book.counted(), "cash": k.book.cash, "refunds": k.book.back, "net": k.book.cash + k.book.counted() - k.book.back,
	} {
		if !bytes.Contains(text, []byte(sum.Format(site.Currency, words.En))) {
			say("the PDF does not have the %s of %s", what, sum.Format(site.Currency, words.En))
		}
	}
}

// checkDrawers: each drawer's count and what is over or short.
func (k *week) checkDrawers(t *testing.T, b *books.Books, site books.Site, period books.Period, now time.Time, say func(string, ...any)) {
	t.Helper()
	known := map[uuid.UUID]books.Shift{}
	for day := period.From; day <= period.To; day++ {
		shifts, err := b.Shifts(t.Context(), site, day, "", now)
		if err != nil {
			t.Fatal(err)
		}
		if shifts.Without != 0 {
			say("%d payments of %s are in no shift", shifts.Without, day)
		}
		for i := range shifts.Shifts {
			known[shifts.Shifts[i].ID] = shifts.Shifts[i]
		}
	}
	var cash parking.Money
	for _, s := range known {
		cash += s.Taken(parking.Cash) - s.Refunds()
	}
	if cash != k.book.cash-k.book.back {
		say("all drawers together took %d, drivers gave %d and got %d", cash, k.book.cash, k.book.back)
	}
	for _, till := range k.closed {
		s, ok := known[till.shift]
		if over := s.Over(); !ok || over == nil || *over != -till.pocketed {
			say("the shift of %s at gate %s is told as %v over (known: %v); he took %d out of it", till.guard, till.gate, over, ok, till.pocketed)
		}
	}
}

// checkDays: every day adds up.
func (k *week) checkDays(t *testing.T, b *books.Books, site books.Site, period books.Period, now time.Time, say func(string, ...any)) {
	t.Helper()
	var sum parking.Money
	for day := period.From; day <= period.To; day++ {
		r, err := b.Reconcile(t.Context(), site, day, now)
		if err != nil {
			t.Fatal(err)
		}
		sum += r.Total.Payments.Amount
		if !r.Balanced() {
			say("the reconciliation of %s is off by %d: %+v", day, r.Total.Off(), slices.DeleteFunc(r.Differences, func(d books.Difference) bool { return !d.Hard() }))
		}
	}
	if sum != k.book.cash+k.book.counted() {
		say("the days' reconciliations come to %d", sum)
	}
}

// checkTheft: what the dishonest guard did is seen, as often as he did it, and
// honest guards have none of it.
func (k *week) checkTheft(t *testing.T, g *ground, b *books.Books, site books.Site, period books.Period, now time.Time, say func(string, ...any)) {
	t.Helper()
	l, err := b.Leakage(t.Context(), site, period, now)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]books.Tally{}
	for i := range l.Marks {
		m := &l.Marks[i]
		switch m.What {
		case books.MarkByHand, books.MarkPick, books.MarkUnproven:
		default:
			continue
		}
		if m.Actor != thief {
			var money string
			if err := g.site.Store.Pool.QueryRow(t.Context(), `SELECT (document -> 'payments')::text || coalesce((SELECT string_agg(n.state || ' ' || n.amount || ' ' || n.payment_id, '; ')
				FROM bank_notices n WHERE n.stay_id = t.id), '') FROM transactions t WHERE id = $1`, m.Stay).Scan(&money); err != nil {
				money = err.Error()
			}
			say("%s shows %s, who is honest: %s\n%+v", m.What, m.Actor, money, *m)
		}
		s := seen[m.What]
		s.Count++
		s.Money += m.Money
		seen[m.What] = s
		if saved, ok := k.theft.picks[m.Stay]; m.What == books.MarkPick && ok && m.Money == saved {
			k.theft.saved -= saved
			delete(k.theft.picks, m.Stay)
		}
	}
	for what, want := range map[string]books.Tally{
		books.MarkByHand:   {Count: k.theft.byHand},
		books.MarkUnproven: {Count: k.theft.promised, Money: k.theft.claimed},
	} {
		if seen[what] != want {
			say("%s: %+v seen, %+v done", what, seen[what], want)
		}
	}
	// He also picks where he gains nothing: who comes after a plate that he made up.
	if len(k.theft.picks) > 0 {
		say("pick: %+v seen of %d done; %d of them are not: %v", seen[books.MarkPick], k.theft.cheaper, k.theft.saved, k.theft.picks)
	}
	alone, err := b.PassedAlone(t.Context(), site, period)
	if err != nil {
		t.Fatal(err)
	}
	honest := slices.DeleteFunc(slices.Clone(alone), func(p books.PassedAlone) bool { return p.Gate == "E" })
	if len(honest) > 0 || len(alone) < 2*k.theft.noEntry {
		say("%d passed at gate E and %d elsewhere with nothing written; %d came and went so: %v", len(alone)-len(honest), len(honest), k.theft.noEntry, honest)
	}
	branches := slices.DeleteFunc(slices.Clone(l.Branches), func(b books.Branch) bool { return b.Gate != "E" })
	if len(branches) < k.theft.restored || len(l.Branches) != len(branches) {
		say("databases that were copied back: %+v; it was %d times at gate E", l.Branches, k.theft.restored)
	}
	done := []string{}
	for what, n := range map[string]int{
		"passed": k.theft.noEntry, "by hand": k.theft.byHand, "cheaper": k.theft.cheaper, "promised": k.theft.promised, "copied back": k.theft.restored,
	} {
		if n == 0 {
			done = append(done, what)
		}
	}
	slices.Sort(done)
	if len(done) > 0 && k.stays >= fullNight {
		say("the dishonest guard did not do everything: %s; %s", strings.Join(done, ", "), fmt.Sprintf("%+v", k.theft))
	}
}
