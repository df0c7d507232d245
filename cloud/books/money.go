package books

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Sum is what came in under one key: a method, a gate, a class, a person, a
// day ("2026-11-22") or an hour of the day ("0" to "23").
type Sum struct {
	Key      string
	Amount   parking.Money
	Payments int
}

// Revenue is the money of a period, summed in several ways: every list comes
// to Total.
type Revenue struct {
	Site    Site
	Period  Period
	Total   Sum
	Days    []Sum // every day of the period, also those without money
	Hours   []Sum // 24
	Methods []Sum // every method
	Gates   []Sum
	Classes []Sum
	People  []Sum // by user name
	Refunds Sum   // given back in the period, for payments of any; not taken off above
}

// Net is what came less what was given back.
func (r Revenue) Net() parking.Money { return r.Total.Amount - r.Refunds.Amount }

// What a row of BookRevenue speaks of: all bits but that of its own column.
const (
	byDay    = 0b011111
	byHour   = 0b101111
	byMethod = 0b110111
	byGate   = 0b111011
	byClass  = 0b111101
	byActor  = 0b111110
	byAll    = 0b111111
)

// Revenue reads the money of a period.
func (b *Books) Revenue(ctx context.Context, site Site, p Period) (Revenue, error) {
	rows, err := b.q.BookRevenue(ctx, cloudsql.BookRevenueParams{
		Zone: site.Zone.String(), Site: site.ID, FromAt: &p.FromAt, UntilAt: &p.UntilAt,
	})
	if err != nil {
		return Revenue{}, fmt.Errorf("sum payments: %w", err)
	}
	r := Revenue{Site: site, Period: p}
	for d := p.From; d <= p.To; d++ {
		r.Days = append(r.Days, Sum{Key: d.String()})
	}
	for h := range 24 {
		r.Hours = append(r.Hours, Sum{Key: fmt.Sprint(h)})
	}
	for _, m := range parking.Methods() {
		r.Methods = append(r.Methods, Sum{Key: string(m)})
	}
	for _, row := range rows {
		s := Sum{Amount: parking.Money(row.Amount), Payments: int(row.Payments)}
		switch row.Grouped {
		case byAll:
			r.Total = s
		case byDay:
			s.Key = row.Day
			put(&r.Days, s)
		case byHour:
			s.Key = fmt.Sprint(row.Hour)
			put(&r.Hours, s)
		case byMethod:
			s.Key = row.Method
			put(&r.Methods, s)
		case byGate:
			s.Key = row.Gate
			put(&r.Gates, s)
		case byClass:
			s.Key = row.Class
			put(&r.Classes, s)
		case byActor:
			s.Key = row.Actor
			put(&r.People, s)
		}
	}
	slices.SortFunc(r.Classes, func(a, b Sum) int { return compareClass(parking.Class(a.Key), parking.Class(b.Key)) })
	r.Refunds, err = b.refunds(ctx, site, p)
	return r, err
}

// refunds sums what was given back in a period, at gates and by the operator.
func (b *Books) refunds(ctx context.Context, site Site, p Period) (Sum, error) {
	rows, err := b.q.BookRefunds(ctx, cloudsql.BookRefundsParams{Site: site.ID, FromAt: p.FromAt, UntilAt: p.UntilAt})
	if err != nil {
		return Sum{}, fmt.Errorf("read refunds: %w", err)
	}
	var sum Sum
	for _, row := range rows {
		f, err := readFact(row.Encoded, time.Time{})
		if err != nil {
			return Sum{}, fmt.Errorf("fact %s: %w", row.ID, err)
		}
		switch body := f.Told.(type) {
		case *parking.RefundPaid:
			sum.add(body.Amount)
		case *parking.RefundMade:
			sum.add(body.Amount)
		}
	}
	return sum, nil
}

// put sets the sum of s.Key, or appends it.
func put(to *[]Sum, s Sum) {
	for i := range *to {
		if (*to)[i].Key == s.Key {
			(*to)[i] = s
			return
		}
	}
	*to = append(*to, s)
}

// Payment is one payment of a cash-up.
type Payment struct {
	ID, Stay  uuid.UUID
	At        time.Time
	Method    parking.Method
	Amount    parking.Money
	Reference string
	Gate      string
	Actor     string
	Display   string
	Class     parking.Class
}

// CashUp is a period's money payment by payment; its sums are made of its
// list, so that they cannot differ.
type CashUp struct {
	Site     Site
	Period   Period
	Payments []Payment
	Total    Sum
	Methods  []Sum // every method
	Gates    []Sum
	People   []Sum // by user name
	Refunds  Sum   // given back in the period, for payments of any
	Names    People
}

// CashUp reads the payments of a period and sums them.
func (b *Books) CashUp(ctx context.Context, site Site, p Period) (CashUp, error) {
	rows, err := b.q.BookPayments(ctx, cloudsql.BookPaymentsParams{Site: site.ID, FromAt: &p.FromAt, UntilAt: &p.UntilAt})
	if err != nil {
		return CashUp{}, fmt.Errorf("read payments: %w", err)
	}
	c := CashUp{Site: site, Period: p}
	if c.Names, err = b.People(ctx, site.ID); err != nil {
		return CashUp{}, err
	}
	for _, m := range parking.Methods() {
		c.Methods = append(c.Methods, Sum{Key: string(m)})
	}
	for _, r := range rows {
		c.Payments = append(c.Payments, Payment{
			ID: r.ID, Stay: r.StayID, At: r.PaidAt, Method: parking.Method(r.Method), Amount: parking.Money(r.Amount),
			Reference: r.Reference, Gate: r.Gate, Actor: r.Actor, Display: r.Display, Class: parking.Class(r.Class),
		})
		amount := parking.Money(r.Amount)
		add(&c.Methods, r.Method, amount)
		add(&c.Gates, r.Gate, amount)
		add(&c.People, r.Actor, amount)
		c.Total.Amount += amount
		c.Total.Payments++
	}
	byKey := func(a, b Sum) int { return cmp.Compare(a.Key, b.Key) }
	slices.SortFunc(c.Gates, byKey)
	slices.SortFunc(c.People, byKey)
	c.Refunds, err = b.refunds(ctx, site, p)
	return c, err
}

func add(to *[]Sum, key string, amount parking.Money) {
	i := slices.IndexFunc(*to, func(s Sum) bool { return s.Key == key })
	if i < 0 {
		*to = append(*to, Sum{Key: key})
		i = len(*to) - 1
	}
	(*to)[i].Amount += amount
	(*to)[i].Payments++
}

// compareClass orders the classes of the product first, then the others.
func compareClass(a, b parking.Class) int {
	return cmp.Or(cmp.Compare(classRank(a), classRank(b)), cmp.Compare(a, b))
}

func classRank(c parking.Class) int {
	if i := slices.Index([]parking.Class{parking.Car, parking.Motorbike, parking.Bicycle}, c); i >= 0 {
		return i
	}
	return 3
}
