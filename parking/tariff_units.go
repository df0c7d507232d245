package parking

import (
	"strconv"
	"time"
)

// Minutes is a length of time in whole minutes, written like "90m" or "1h30m".
type Minutes int

// MarshalText writes m as "90m".
func (m Minutes) MarshalText() ([]byte, error) {
	return append(strconv.AppendInt(nil, int64(m), 10), 'm'), nil
}

// UnmarshalText reads whole, not negative minutes: "15m", "1h", "1h30m", "0".
func (m *Minutes) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	if err != nil || d < 0 || d%time.Minute != 0 || d > maxLength {
		return Errorf(Invalid, "%q is not a length of whole minutes such as 15m or 1h30m.", cut(string(b), 20))
	}
	*m = Minutes(d / time.Minute)
	return nil
}

// maxLength bounds lengths in a tariff: a leap year.
const maxLength = 366 * 24 * time.Hour

// ClockTime is a time of the local day in minutes after midnight, 0 to 1439,
// written "06:00".
type ClockTime int

const minutesPerDay = 24 * 60

// MarshalText writes c as "06:00".
func (c ClockTime) MarshalText() ([]byte, error) { return c.append(nil), nil }

// String is c as "06:00".
func (c ClockTime) String() string { return string(c.append(nil)) }

func (c ClockTime) append(b []byte) []byte {
	h, m := byte(c/60), byte(c%60)
	return append(b, '0'+h/10, '0'+h%10, ':', '0'+m/10, '0'+m%10)
}

// UnmarshalText reads "HH:MM"; "24:00" is the midnight that ends a day.
func (c *ClockTime) UnmarshalText(b []byte) error {
	digit := func(i int) int { return int(b[i]) - '0' }
	if len(b) == 5 && b[2] == ':' && isDigits(string(b[:2])) && isDigits(string(b[3:])) {
		h, m := digit(0)*10+digit(1), digit(3)*10+digit(4)
		if m < 60 && (h < 24 || h == 24 && m == 0) {
			*c = ClockTime((h*60 + m) % minutesPerDay)
			return nil
		}
	}
	return Errorf(Invalid, "%q is not a time of day such as 06:00.", cut(string(b), 20))
}

// LocalDate is a date of the site's calendar, in days after 1970-01-01.
type LocalDate int32

// MakeLocalDate makes a date; days beyond a month's end run into the next.
func MakeLocalDate(year int, month time.Month, day int) LocalDate {
	days := floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay)
	return LocalDate(days)
}

// Date is the year, month and day of d.
func (d LocalDate) Date() (year int, month time.Month, day int) {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Date()
}

// MarshalText writes d as "2027-01-01".
func (d LocalDate) MarshalText() ([]byte, error) { return d.appendISO(nil), nil }

// String is d as "2027-01-01".
func (d LocalDate) String() string { return string(d.appendISO(nil)) }

// UnmarshalText reads "2027-01-01"; dates that no calendar has are refused.
func (d *LocalDate) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil || t.Year() < 1970 {
		return Errorf(Invalid, "%q is not a date such as 2027-01-01.", cut(string(b), 20))
	}
	*d = MakeLocalDate(t.Date())
	return nil
}

func (d LocalDate) appendISO(b []byte) []byte {
	y, m, day := d.Date()
	b = appendPadded(b, y, 4)
	b = append(b, '-')
	b = appendPadded(b, int(m), 2)
	b = append(b, '-')
	return appendPadded(b, day, 2)
}

// appendVi writes d as Vietnamese people do: 31/01/2027.
func (d LocalDate) appendVi(b []byte) []byte {
	y, m, day := d.Date()
	b = appendPadded(b, day, 2)
	b = append(b, '/')
	b = appendPadded(b, int(m), 2)
	b = append(b, '/')
	return appendPadded(b, y, 4)
}

// appendPadded writes n, not negative, with leading zeros up to two or four digits.
func appendPadded(b []byte, n, width int) []byte {
	limit := 10
	if width == 4 {
		limit = 1000
	}
	for ; limit > 1 && limit > n; limit /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
