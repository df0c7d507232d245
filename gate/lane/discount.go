package lane

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// DiscountView is a discount of the tariff in force: a percentage or a sum.
type DiscountView struct {
	Code    string        `json:"code"`
	Percent *int          `json:"percent,omitempty"`
	Amount  parking.Money `json:"amount,omitempty"`
}

// roleAdmin is the role that may give any discount.
const roleAdmin = "admin"

// Discount gives the chosen stay of a vehicle at an exit a discount of the
// tariff that it came in with; "" takes it back. One stay has one discount: a
// second code takes the place of the first. Guards may give what the site's
// settings say, and to so many stays a day; administrators any.
func (d *Desk) Discount(ctx context.Context, code string, subject uuid.UUID, discount string) error {
	discount = strings.TrimSpace(discount)
	d.mu.Lock()
	defer d.mu.Unlock()
	l, _, v, actor, err := d.at(ctx, code, subject)
	switch {
	case err != nil:
		return err
	case l.Direction != parking.Out:
		return parking.Errorf(parking.Conflict, "Lane %s leads in.", l.Code)
	case v.done:
		return parking.Errorf(parking.Conflict, "This vehicle has left already.")
	case v.Chosen < 0:
		return parking.Errorf(parking.Conflict, "It is not certain which vehicle this is. Compare the pictures and pick one.")
	}
	stay := v.Matches[v.Chosen].Stay
	if given := v.discountsOf(stay.ID); len(given) > 0 && given[0] == discount {
		return nil
	}
	if discount != "" {
		tariff, _ := d.tariffOf(stay)
		if _, known := tariff.Discounts[discount]; !known {
			return parking.Errorf(parking.NotFound, "The tariff of this stay has no discount %s.", shorten(discount))
		}
		if err := d.mayDiscount(ctx, actor, stay.ID, discount); err != nil {
			return err
		}
		if v.Due == 0 && v.Discount == "" {
			return parking.Errorf(parking.Conflict, "Nothing is due; let the vehicle go.")
		}
	}
	if v.Stage == Paying { // the code was for the fee as it was
		v.Stage, v.QR, v.Reference = Offered, "", ""
	}
	v.Discount, v.discountOf = discount, stay.ID
	v.Matches = slices.Clone(v.Matches)
	m := &v.Matches[v.Chosen]
	d.price(v, m)
	if m.QuoteErr != "" {
		v.Discount = ""
		return parking.Errorf(parking.Invalid, "%s", m.QuoteErr)
	}
	v.Due, v.picked = m.Quote.Due, true // what the guard gave is for this stay
	d.touch()
	return nil
}

// discountsOf are the codes that a stay is priced with.
func (v *vehicle) discountsOf(stay uuid.UUID) []string {
	if v.Discount == "" || v.discountOf != stay {
		return nil
	}
	return []string{v.Discount}
}

// anyDiscount says whether who acts is an administrator. mu is held.
func (d *Desk) anyDiscount(ctx context.Context, actor string) bool {
	g := d.signedIn(ctx)
	return g != nil && g.Name == actor && g.Role == roleAdmin
}

func (d *Desk) mayDiscount(ctx context.Context, actor string, stay uuid.UUID, discount string) error {
	if d.anyDiscount(ctx, actor) {
		return nil
	}
	rules := d.cfg.State.Site().Config.Discounts
	if !slices.Contains(rules.Guards, discount) {
		return parking.Errorf(parking.Forbidden, "Only an administrator may give the discount %s.", shorten(discount))
	}
	return d.leftToday(ctx, actor, stay, rules.ADay)
}

// leftToday refuses one more stay than a guard may give discounts to on a day.
func (d *Desk) leftToday(ctx context.Context, actor string, stay uuid.UUID, most int) error {
	note, err := d.discountNote(ctx)
	if err != nil {
		return err
	}
	if given := note.By[actor]; len(given) >= most && !slices.Contains(given, stay) {
		return parking.Errorf(parking.Forbidden, "You have given %d discounts today, as many as one guard may. Ask an administrator.", len(given))
	}
	return nil
}

// discountViews are the discounts that g may give; nobody (nil) may give any.
func discountViews(site *state.Site, g *Guard) []DiscountView {
	var out []DiscountView
	for _, code := range slices.Sorted(maps.Keys(site.Config.Tariff.Discounts)) {
		if g == nil || g.Role != roleAdmin && !slices.Contains(site.Config.Discounts.Guards, code) {
			continue
		}
		one := site.Config.Tariff.Discounts[code]
		view := DiscountView{Code: code, Percent: one.Percent}
		if one.Amount != nil {
			view.Amount = *one.Amount
		}
		out = append(out, view)
	}
	return out
}

// noteDiscounts is the setting that remembers to which stays each person gave
// a discount on a local day.
const noteDiscounts = "discounts"

type discountNote struct {
	Day string                 `json:"day"`
	By  map[string][]uuid.UUID `json:"by"`
}

// discountNote reads the note of today; that of another day counts nothing.
func (d *Desk) discountNote(ctx context.Context) (discountNote, error) {
	today := discountNote{Day: d.localDay(), By: map[string][]uuid.UUID{}}
	text, err := d.cfg.Notes.Setting(ctx, noteDiscounts)
	if err != nil || text == "" {
		return today, err
	}
	var note discountNote
	if err := json.Unmarshal([]byte(text), &note); err != nil {
		return today, fmt.Errorf("read who gave discounts: %w", err)
	}
	if note.Day != today.Day || note.By == nil {
		return today, nil
	}
	return note, nil
}

func (d *Desk) localDay() string {
	zone, err := time.LoadLocation(cmp.Or(d.cfg.State.Site().Config.Timezone, "UTC"))
	if err != nil {
		zone = time.UTC
	}
	return parking.MakeLocalDate(d.cfg.Now().In(zone).Date()).String()
}

// countDiscount notes, before the exit is written, that its actor gave it a
// discount: cut off in between, one counts that did not come true, and none is
// forgotten. Who may not give it any more is refused. mu is held.
func (d *Desk) countDiscount(ctx context.Context, v *vehicle, actor string, stay uuid.UUID) error {
	given := v.discountsOf(stay)
	if len(given) == 0 {
		return nil
	}
	if err := d.mayDiscount(ctx, actor, stay, given[0]); err != nil {
		return err
	}
	d.noteMu.Lock()
	defer d.noteMu.Unlock()
	note, err := d.discountNote(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(note.By[actor], stay) {
		return nil
	}
	note.By[actor] = append(note.By[actor], stay)
	text, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("note a discount: %w", err)
	}
	return d.cfg.Notes.SetSetting(ctx, noteDiscounts, string(text))
}
