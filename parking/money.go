package parking

import "strconv"

// Money is a sum in minor units of its currency: dong for VND, which has
// none smaller, cents for USD. It is never a floating-point number.
type Money int64

// minorDigits is how many digits of a currency are minor units, where that is
// not two (ISO 4217).
var minorDigits = map[string]int{
	"VND": 0, "JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "PYG": 0, "UGX": 0, "RWF": 0, "XAF": 0, "XOF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// currencySign is how a currency is written beside a sum, where that is not
// its code.
var currencySign = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩"}

// Format writes m as people of lang read it: "1.234.567 ₫" in Vietnamese
// ("vi") and "₫1,234,567" in English, which is also taken for any other
// language. An unknown currency is written by its code, with two minor digits.
func (m Money) Format(currency, lang string) string {
	var buf [48]byte
	return string(m.appendFormat(buf[:0], currency, lang))
}

func (m Money) appendFormat(b []byte, currency, lang string) []byte {
	sign, known := "₫", true
	if currency != "VND" { // spares the usual case the look-up
		if sign, known = currencySign[currency]; !known {
			sign = currency
		}
	}
	if m < 0 {
		b = append(b, '-')
	}
	if lang == "vi" {
		b = m.appendDigits(b, currency, '.', ',')
		b = append(b, ' ')
		return append(b, sign...)
	}
	b = append(b, sign...)
	if !known {
		b = append(b, ' ')
	}
	return m.appendDigits(b, currency, ',', '.')
}

// appendDigits writes |m| in groups of three.
func (m Money) appendDigits(b []byte, currency string, group, point byte) []byte {
	u := uint64(m) // negated below, which also holds for the smallest int64
	if m < 0 {
		u = -u
	}
	minor := 0
	if currency != "VND" {
		minor = 2
		if n, known := minorDigits[currency]; known {
			minor = n
		}
	}
	var digits [24]byte
	d := strconv.AppendUint(digits[:0], u, 10)
	for len(d) <= minor { // at least one digit before the point
		d = append(d, 0)
		copy(d[1:], d)
		d[0] = '0'
	}
	whole := len(d) - minor
	for i, c := range d {
		switch {
		case i == whole:
			b = append(b, point)
		case i > 0 && i < whole && (whole-i)%3 == 0:
			b = append(b, group)
		}
		b = append(b, c)
	}
	return b
}

// percentOf is p percent of m, rounded half up (away from zero for the
// negative sums that no tariff makes).
func (m Money) percentOf(p int) Money {
	n := m * Money(p)
	if n < 0 {
		return -((-n + 50) / 100)
	}
	return (n + 50) / 100
}
