package books

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// StaysPage is how many stays a page of the list has.
const StaysPage = 50

// likePlates bounds the plates among which likeness is judged: those seen last.
const likePlates = 20000

// likeDistance is the greatest PlateDistance (tenths of an edit) that still
// counts as alike: two characters read wrongly.
const likeDistance = 20

// Filter chooses stays. Zero fields do not filter.
type Filter struct {
	Plate       parking.Plate // the beginning of the plate
	Like        bool          // plates like Plate instead
	State       parking.StayState
	Class       parking.Class
	Gate        string     // of IN or of OUT
	From, Until *time.Time // inside at some moment of [From, Until)

	// Of a payment of the stay with status paid:
	PaidFrom, PaidUntil *time.Time // [PaidFrom, PaidUntil)
	Method              parking.Method
	PaidGate            string
	Actor               string // who took it
	Hour                *int   // 0 to 23, local
}

// ByPayment says whether the filter asks for payments.
func (f Filter) ByPayment() bool {
	return f.PaidFrom != nil || f.PaidUntil != nil || f.Method != "" || f.PaidGate != "" || f.Actor != "" || f.Hour != nil
}

// Cursor is a place in the list: the stay at which a page begins or ends.
type Cursor struct {
	At time.Time
	ID uuid.UUID
}

// StayRow is one stay of the list.
type StayRow struct {
	ID       uuid.UUID
	State    parking.StayState
	Class    parking.Class
	Display  string
	Token    string
	Zone     string
	Slot     string
	Placed   bool
	InAt     *time.Time
	InGate   string
	OutAt    *time.Time
	OutGate  string
	Currency string
	Fee      *parking.Money
	Paid     parking.Money
	At       time.Time // where it stands in the list
}

// Unplaced says whether the stay is inside and its slot is not known: it
// claims one that another stay holds.
func (r StayRow) Unplaced() bool { return r.State == parking.Inside && r.Slot != "" && !r.Placed }

// Stays is one page of the list, newest first.
type Stays struct {
	Rows  []StayRow
	Older *Cursor // where the next page begins, nil at the end
	Newer *Cursor // where the page before ends, nil at the start
	Paid  *Sum    // with a filter by payment: what the payments chosen come to
}

// Stays reads a page of stays: those after older (towards the past), those
// before newer, or with neither the newest.
func (b *Books) Stays(ctx context.Context, site Site, f Filter, older, newer *Cursor) (Stays, error) {
	a := filterArgs(site, f)
	if f.Like && f.Plate != "" {
		plates, err := b.alike(ctx, site.ID, f.Plate)
		if err != nil {
			return Stays{}, err
		}
		a.Prefix, a.Plates = nil, plates
	}
	page, err := b.staysPage(ctx, a, older, newer)
	if err != nil {
		return Stays{}, fmt.Errorf("read stays: %w", err)
	}
	if f.ByPayment() {
		paid, err := b.q.BookStaysPaid(ctx, cloudsql.BookStaysPaidParams{
			Site: a.Site, PaidFrom: a.PaidFrom, PaidUntil: a.PaidUntil, Method: a.Method, PaidGate: a.PaidGate,
			Actor: a.Actor, Hour: a.Hour, Zone: a.Zone, State: a.State, Prefix: a.Prefix, Plates: a.Plates,
			Class: a.Class, Gate: a.Gate, FromAt: a.FromAt, UntilAt: a.UntilAt,
		})
		if err != nil {
			return Stays{}, fmt.Errorf("sum the payments chosen: %w", err)
		}
		page.Paid = &Sum{Amount: parking.Money(paid.Amount), Payments: int(paid.Payments)}
	}
	return page, nil
}

// staysPage reads one row more than a page has, to know whether there is more.
func (b *Books) staysPage(ctx context.Context, a cloudsql.BookStaysOlderParams, older, newer *Cursor) (Stays, error) {
	if newer != nil {
		n := cloudsql.BookStaysNewerParams{
			Site: a.Site, State: a.State, Prefix: a.Prefix, Plates: a.Plates, Class: a.Class, Gate: a.Gate,
			FromAt: a.FromAt, UntilAt: a.UntilAt, ByPayment: a.ByPayment, PaidFrom: a.PaidFrom, PaidUntil: a.PaidUntil,
			Method: a.Method, PaidGate: a.PaidGate, Actor: a.Actor, Hour: a.Hour, Zone: a.Zone, Most: a.Most,
			CursorAt: newer.At, CursorID: newer.ID,
		}
		rows, err := b.q.BookStaysNewer(ctx, n)
		if err != nil {
			return Stays{}, err
		}
		more := len(rows) > StaysPage
		rows = rows[:min(len(rows), StaysPage)]
		slices.Reverse(rows)
		var page Stays
		for _, r := range rows {
			page.Rows = append(page.Rows, stayRow(cloudsql.BookStaysOlderRow(r)))
		}
		page.mark(more, true)
		return page, nil
	}
	if older != nil {
		a.CursorAt, a.CursorID = &older.At, older.ID
	}
	rows, err := b.q.BookStaysOlder(ctx, a)
	if err != nil {
		return Stays{}, err
	}
	var page Stays
	for _, r := range rows[:min(len(rows), StaysPage)] {
		page.Rows = append(page.Rows, stayRow(r))
	}
	page.mark(older != nil, len(rows) > StaysPage)
	return page, nil
}

// mark sets the cursors at the ends of the page.
func (s *Stays) mark(newer, older bool) {
	if len(s.Rows) == 0 {
		return
	}
	if first := s.Rows[0]; newer {
		s.Newer = &Cursor{At: first.At, ID: first.ID}
	}
	if last := s.Rows[len(s.Rows)-1]; older {
		s.Older = &Cursor{At: last.At, ID: last.ID}
	}
}

func filterArgs(site Site, f Filter) cloudsql.BookStaysOlderParams {
	a := cloudsql.BookStaysOlderParams{
		Site: site.ID, Zone: site.Zone.String(), Most: StaysPage + 1, ByPayment: f.ByPayment(),
		State: filled(f.State), Prefix: filled(f.Plate), Class: filled(f.Class), Gate: filled(f.Gate),
		FromAt: f.From, UntilAt: f.Until, PaidFrom: f.PaidFrom, PaidUntil: f.PaidUntil,
		Method: filled(f.Method), PaidGate: filled(f.PaidGate), Actor: filled(f.Actor),
	}
	if f.Hour != nil {
		h := int32(*f.Hour) //nolint:gosec // 0 to 23
		a.Hour = &h
	}
	return a
}

func filled[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	v := string(s)
	return &v
}

// alike lists the plates like p among those seen last, the likeliest first.
func (b *Books) alike(ctx context.Context, site uuid.UUID, p parking.Plate) ([]string, error) {
	seen, err := b.q.BookPlates(ctx, cloudsql.BookPlatesParams{Site: site, Most: likePlates})
	if err != nil {
		return nil, fmt.Errorf("read plates: %w", err)
	}
	plates := make([]parking.Plate, len(seen))
	for i, s := range seen {
		plates[i] = parking.Plate(s)
	}
	alike := []string{} // not nil: no plate alike means no stay
	for _, r := range parking.RankPlates(p, plates, StaysPage) {
		if r.Distance <= likeDistance {
			alike = append(alike, string(r.Plate))
		}
	}
	return alike, nil
}

func stayRow(r cloudsql.BookStaysOlderRow) StayRow {
	row := StayRow{
		ID: r.ID, State: parking.StayState(r.State), Class: parking.Class(r.Class), Display: r.Display, Token: r.Token,
		Zone: r.ZoneCode, Slot: r.Slot, Placed: r.Placed, InAt: r.InAt, InGate: r.InGate, OutAt: r.OutAt,
		OutGate: r.OutGate, Currency: r.Currency, Paid: parking.Money(r.Paid), At: r.At,
	}
	if r.Fee != nil {
		fee := parking.Money(*r.Fee)
		row.Fee = &fee
	}
	return row
}
