package simulation

import (
	"fmt"
	"testing"

	"gatehouse/parking"
)

// check compares what drivers and guards know with what cloud and disks hold.
// Nothing runs any more.
func (k *week) check(t *testing.T, g *ground) []string {
	t.Helper()
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	disks := k.w.disks(t, say)
	g.checkCounts(t, len(disks), say)
	for _, v := range k.visits {
		if !v.gone {
			say("still inside: %s", v.tale())
		}
	}
	k.checkMoney(t, g, say)
	k.checkNotices(t, g, say)
	k.checkReports(t, g, say)
	return wrong
}

// checkMoney: each driver's payments are those that he remembers, and nobody
// else has paid.
func (k *week) checkMoney(t *testing.T, g *ground, say func(string, ...any)) {
	t.Helper()
	type sums struct{ cash, transfers, back parking.Money }
	rows, err := g.site.Store.Pool.Query(t.Context(), `SELECT stay_id, method, amount, refunded FROM payments WHERE site_id = $1 AND paid_at IS NOT NULL`, g.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	books := map[[16]byte]sums{}
	var all sums
	for rows.Next() {
		var stay [16]byte
		var method string
		var amount, refunded parking.Money
		if err := rows.Scan(&stay, &method, &amount, &refunded); err != nil {
			t.Fatal(err)
		}
		s := books[stay]
		if parking.Method(method) == parking.Cash {
			s.cash += amount
			all.cash += amount
		} else {
			s.transfers += amount
			all.transfers += amount
		}
		s.back += refunded
		all.back += refunded
		books[stay] = s
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, v := range k.visits {
		if s := books[v.stay]; s != (sums{v.cash, v.transfers, v.back}) {
			say("the books have %+v of %s", s, v.tale())
		}
		delete(books, v.stay)
	}
	for stay, s := range books {
		say("nobody paid %+v for the stay %x", s, stay)
	}
	if want := (sums{k.book.cash, k.book.transfers, k.book.back}); all != want {
		say("in all the books have %+v, the drivers %+v", all, want)
	}
}

// checkNotices: everybody paid what he was asked for, so nothing is left for a
// person to decide.
func (k *week) checkNotices(t *testing.T, g *ground, say func(string, ...any)) {
	t.Helper()
	rows, err := g.site.Store.Pool.Query(t.Context(), `SELECT n.state || ' ' || n.why || ' ' || n.amount || ' ' || n.bank_at || ' ' || n.purpose
		|| coalesce((SELECT string_agg(p.stay_id || ' ' || p.status || ' ' || p.method || ' ' || p.amount || ' ' || p.gate, '; ') FROM payments p WHERE p.reference = ANY (n.refs)), '')
		FROM bank_notices n WHERE n.state <> 'settled' ORDER BY n.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		say("a notice is not settled: %s", text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
