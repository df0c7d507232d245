package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
)

// discountOut is a vehicle at the exit, and a guard who may give two discounts.
func discountOut() lane.View {
	v := matchedOut(idleView())
	half := 50
	v.Discounts = []lane.DiscountView{{Code: "HALF", Percent: &half}, {Code: "SHOP1", Amount: 5000}}
	return v
}

func TestGoldensOfDiscounts(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"discount": {"%"}, "discount_typed": append([]string{"%"}, typed("shop1")...), "discount_unknown": append([]string{"%"}, typed("vip")...),
	} {
		everySize(t, func(t *testing.T, suffix, language string, size Size) {
			name := name + suffix
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m, _, clock := console(discountOut(), size.Width, size.Height, func(o *Options) { o.Language = language })
				press(m, clock, keys...)
				checkGolden(t, name, m, size.Width, size.Height)
			})
		})
	}
}

func TestADiscountIsAskedOfTheDesk(t *testing.T) {
	t.Parallel()
	m, d, clock := console(discountOut(), 80, 24)
	press(m, clock, append([]string{"%"}, typed("shop1")...)...)
	press(m, clock, "enter")
	if want := []string{`discount 2 bbbbbbbb "SHOP1"`}; !slices.Equal(d.calls, want) {
		t.Errorf("the desk was asked %q, want %q\n%s", d.calls, want, ansi.Strip(m.frame()))
	}
	m, d, clock = console(matchedOut(idleView()), 80, 24)
	press(m, clock, "%")
	if len(d.calls) != 0 || m.top() != nil || !strings.Contains(ansi.Strip(m.frame()), "Không có mã giảm giá") {
		t.Errorf("a guard who may give none: %q\n%s", d.calls, ansi.Strip(m.frame()))
	}
}
