package parking_test

import (
	"math"
	"testing"

	"gatehouse/parking"
)

func TestMoneyFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sum            parking.Money
		currency, lang string
		want           string
	}{
		{0, "VND", "vi", "0 ₫"},
		{999, "VND", "vi", "999 ₫"},
		{1000, "VND", "vi", "1.000 ₫"},
		{1234567, "VND", "vi", "1.234.567 ₫"},
		{1234567, "VND", "en", "₫1,234,567"},
		{-5000, "VND", "vi", "-5.000 ₫"},
		{-5000, "VND", "en", "-₫5,000"},
		{123456789, "VND", "en", "₫123,456,789"},
		{5, "USD", "en", "$0.05"},
		{123456, "USD", "en", "$1,234.56"},
		{123456, "USD", "vi", "1.234,56 $"},
		{123456, "JPY", "en", "¥123,456"},
		{1234567, "KWD", "en", "KWD 1,234.567"},
		{123456, "XXX", "vi", "1.234,56 XXX"},
		{math.MinInt64, "VND", "en", "-₫9,223,372,036,854,775,808"},
	} {
		if got := c.sum.Format(c.currency, c.lang); got != c.want {
			t.Errorf("%d %s in %s: %q, want %q", int64(c.sum), c.currency, c.lang, got, c.want)
		}
	}
}
