package words

import (
	"fmt"
	"strconv"
	"time"

	"gatehouse/parking"
)

// Date writes a date as people of lang read it: 22/11/2026 in Vietnamese,
// 22 Nov 2026 in English.
func Date(lang string, d parking.LocalDate) string {
	y, m, day := d.Date()
	if lang == Vi {
		return fmt.Sprintf("%02d/%02d/%d", day, int(m), y)
	}
	return fmt.Sprintf("%d %s %d", day, m.String()[:3], y)
}

// ShortDate is Date without the year.
func ShortDate(lang string, d parking.LocalDate) string {
	_, m, day := d.Date()
	if lang == Vi {
		return fmt.Sprintf("%02d/%02d", day, int(m))
	}
	return fmt.Sprintf("%d %s", day, m.String()[:3])
}

// Clock writes a time of day, "14:05", in the time zone that t is in.
func Clock(t time.Time) string { return t.Format("15:04") }

// Moment writes date and time of day, in the time zone that t is in.
func Moment(lang string, t time.Time) string {
	return Date(lang, parking.MakeLocalDate(t.Date())) + " " + Clock(t)
}

// Number writes n with group marks: 1.234 in Vietnamese, 1,234 in English.
func Number(lang string, n int) string {
	mark := byte(',')
	if lang == Vi {
		mark = '.'
	}
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	out := []byte(sign)
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out = append(out, mark)
		}
		out = append(out, digits[i])
	}
	return string(out)
}
