package simulation

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"gatehouse/cloud/bank"
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
			said := ""
			if err := g.site.Store.Pool.QueryRow(t.Context(), `SELECT to_jsonb(s)::text FROM transactions s WHERE id = $1`, v.stay).Scan(&said); err != nil {
				said = err.Error()
			}
			say("still inside: %s; for the cloud: %s", v.tale(), said)
		}
	}
	reviewed := k.checkNotices(t, g, say)
	k.checkMoney(t, g, reviewed, say)
	k.checkReports(t, g, say)
	return wrong
}

// checkMoney: each driver's payments are those that he remembers, but for what is
// in review, and nobody else has paid.
func (k *week) checkMoney(t *testing.T, g *ground, reviewed map[uuid.UUID]parking.Money, say func(string, ...any)) {
	t.Helper()
	type sums struct{ cash, transfers, back parking.Money }
	rows, err := g.site.Store.Pool.Query(t.Context(), `SELECT stay_id, method, amount, refunded FROM payments WHERE site_id = $1 AND paid_at IS NOT NULL`, g.site.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	books := map[uuid.UUID]sums{}
	var all sums
	for rows.Next() {
		var stay uuid.UUID
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
		if s := books[v.stay]; s != (sums{v.cash, v.transfers - reviewed[v.stay], v.back}) {
			say("the books have %+v of %s", s, v.tale())
		}
		delete(books, v.stay)
	}
	for stay, s := range books {
		say("nobody paid %+v for the stay %s", s, stay)
	}
	if want := (sums{k.book.cash, k.book.counted(), k.book.back}); all != want {
		say("in all the books have %+v, the drivers %+v", all, want)
	}
}

// checkNotices: everybody paid what he was asked for, so that nothing is left for
// a person to decide, but for who paid early at a gate that was cut off: nobody
// heard of his transfer until he had paid again and left. That is money after
// exit (money.md §3); it is told by stay.
func (k *week) checkNotices(t *testing.T, g *ground, say func(string, ...any)) map[uuid.UUID]parking.Money {
	t.Helper()
	rows, err := g.site.Store.Pool.Query(t.Context(), `SELECT n.state, n.why, n.amount, n.purpose,
		coalesce((SELECT min(p.stay_id::text) FROM payments p WHERE p.reference = ANY (n.refs) AND p.paid_at IS NULL), '')
		FROM bank_notices n WHERE n.state <> 'settled' ORDER BY n.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	reviewed := map[uuid.UUID]parking.Money{}
	for rows.Next() {
		var state, why, purpose, stay string
		var amount parking.Money
		if err := rows.Scan(&state, &why, &amount, &purpose, &stay); err != nil {
			t.Fatal(err)
		}
		id, _ := uuid.Parse(stay) // Nil where there is none
		v := k.visits[id]
		if state != "review" || why != bank.AfterExit || v == nil || v.unheard != amount || reviewed[id] != 0 {
			say("a notice is not settled: %s %s %d %q of the stay %q", state, why, amount, purpose, stay)
			continue
		}
		reviewed[id] = amount
		k.book.reviewed += amount
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return reviewed
}
