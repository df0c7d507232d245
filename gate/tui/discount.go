package tui

import (
	"context"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// whyNoDiscount: a discount is given to a vehicle that is known and owes money,
// or has one already, by who may give one.
func whyNoDiscount(m *model) string {
	lv := m.toward(parking.Out)
	if lv != nil && lv.Subject != nil && lv.Subject.Discount != "" && !done(lv.Subject) {
		return "" // it can be taken back
	}
	if why := whyNoDue(m); why != "" {
		return why
	}
	if len(m.view.Discounts) == 0 {
		return m.t("why.no_discount")
	}
	return ""
}

// newDiscount gives a discount of the stay's tariff, or takes it back.
func newDiscount(m *model) dialog {
	lv := m.toward(parking.Out)
	code := newField("field.discount", lv.Subject.Discount, 64)
	for _, d := range m.view.Discounts {
		code.presets = append(code.presets, d.Code)
	}
	f := &form{title: text("title.discount", m.laneName(lv)), fields: []*field{code}, enter: text("enter.discount")}
	f.info = func(m *model, f *form) []string {
		typed := f.fields[0].text()
		if typed == "" {
			return []string{m.t("discount.none"), m.t("discount.list", discountList(m))}
		}
		for _, d := range m.view.Discounts {
			if strings.EqualFold(d.Code, typed) {
				return []string{m.t("discount.takes", clean(d.Code), discountOff(m, d)), m.t("discount.written")}
			}
		}
		return []string{m.t("discount.unknown"), m.t("discount.list", discountList(m))}
	}
	f.submit = func(m *model, f *form) tea.Cmd {
		lv := m.byCode(f.lane)
		if m.refused(f, lv) {
			return nil
		}
		typed := f.fields[0].text()
		for _, d := range m.view.Discounts {
			if strings.EqualFold(d.Code, typed) {
				typed = d.Code
			}
		}
		return fromForm(m.bound(lv, "", func(ctx context.Context, code string, subject uuid.UUID) error {
			return m.desk.Discount(ctx, code, subject, typed)
		}), f)
	}
	return f.forSubject(lv)
}

// discountOff is what a discount takes off.
func discountOff(m *model, d lane.DiscountView) string {
	if d.Percent != nil {
		return strconv.Itoa(*d.Percent) + " %"
	}
	return m.money(d.Amount)
}

func discountList(m *model) string {
	var out []string
	for _, d := range m.view.Discounts {
		out = append(out, clean(d.Code)+" ("+discountOff(m, d)+")")
	}
	return strings.Join(out, ", ")
}
