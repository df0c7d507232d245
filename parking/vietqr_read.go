package parking

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxVietQRBytes bounds what is read as a code: more than any QR code of the
// kind holds.
const maxVietQRBytes = 1024

// DecodeVietQR reads the text of a VietQR code. It is as tolerant as the
// banks' apps are: fields may come in any order, unknown ones are passed
// over, the CRC may be in lower case, lengths may count characters where
// others count bytes. A wrong CRC, broken lengths, or a code that is no
// transfer through NAPAS is an Invalid error that says so.
func DecodeVietQR(payload string) (VietQR, error) {
	payload = strings.TrimSpace(payload)
	if len(payload) > maxVietQRBytes {
		return VietQR{}, Errorf(TooLarge, "The code is longer than %d characters.", maxVietQRBytes)
	}
	body, err := checkCRC(payload)
	if err != nil {
		return VietQR{}, err
	}
	q, err := decodeFields(body, bytesOf)
	if err == nil || isASCII(body) || !utf8.ValidString(body) {
		return q, err
	}
	if q, sloppy := decodeFields(body, runesOf); sloppy == nil {
		return q, nil
	}
	return VietQR{}, err
}

// checkCRC returns the payload without its last field.
func checkCRC(payload string) (string, error) {
	if len(payload) < 8 || payload[len(payload)-8:len(payload)-4] != "6304" {
		return "", Errorf(Invalid, "The code does not end in a CRC (6304 and four hex digits).")
	}
	said, err := strconv.ParseUint(payload[len(payload)-4:], 16, 16)
	if err != nil {
		return "", Errorf(Invalid, "The code's CRC %q is not four hex digits.", payload[len(payload)-4:])
	}
	if got := crc16(payload[:len(payload)-4]); uint64(got) != said {
		return "", Errorf(Invalid, "The code's CRC is wrong: it says %04X, and %04X is right. It was misread or changed.", said, got)
	}
	return payload[:len(payload)-8], nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// counting splits a string after n of what a length counts; false when it is
// shorter.
type counting func(s string, n int) (head, tail string, ok bool)

func bytesOf(s string, n int) (string, string, bool) {
	if n > len(s) {
		return "", "", false
	}
	return s[:n], s[n:], true
}

func runesOf(s string, n int) (string, string, bool) {
	i := 0
	for ; n > 0; n-- {
		if i >= len(s) {
			return "", "", false
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s[:i], s[i:], true
}

// readFields reads id(2) length(2) value… up to the end of s.
func readFields(s string, count counting) (map[string]string, error) {
	fields := map[string]string{}
	for s != "" {
		if len(s) < 4 || !isDigits(s[:4]) {
			return nil, Errorf(Invalid, "The code's lengths are broken: %q is no field.", cut(s, 20))
		}
		tag, n := s[:2], int(s[2]-'0')*10+int(s[3]-'0')
		value, rest, ok := count(s[4:], n)
		if !ok {
			return nil, Errorf(Invalid, "The code's lengths are broken: field %s says %d characters and has fewer.", tag, n)
		}
		if _, twice := fields[tag]; twice {
			return nil, Errorf(Invalid, "The code has the field %s twice.", tag)
		}
		fields[tag] = value
		s = rest
	}
	return fields, nil
}

func decodeFields(body string, count counting) (VietQR, error) {
	top, err := readFields(body, count)
	if err != nil {
		return VietQR{}, err
	}
	if v := top["00"]; v != "01" {
		return VietQR{}, Errorf(Invalid, "The code is not a payment code that we know: its format is %q, not 01.", cut(v, 20))
	}
	var q VietQR
	if err := q.readReceiver(top["38"], count); err != nil {
		return VietQR{}, err
	}
	if v, ok := top["53"]; ok && v != "704" {
		return VietQR{}, Errorf(Invalid, "The code asks for another currency than dong (%s).", cut(v, 20))
	}
	if err := q.readAmount(top["54"]); err != nil {
		return VietQR{}, err
	}
	switch v, ok := top["01"]; {
	case v == "11":
		q.Reusable = q.Amount > 0
	case v == "12":
		q.Once = q.Amount == 0
	case ok:
		return VietQR{}, Errorf(Invalid, "The code says neither static (11) nor dynamic (12), but %q.", cut(v, 20))
	}
	extra, err := readFields(top["62"], count)
	if err != nil {
		return VietQR{}, err
	}
	q.Bill, q.Memo = extra["01"], extra["08"]
	return q, nil
}

func (q *VietQR) readReceiver(value string, count counting) error {
	if value == "" {
		return Errorf(Invalid, "The code is no VietQR: it has no field 38.")
	}
	napas, err := readFields(value, count)
	if err != nil {
		return err
	}
	if !strings.EqualFold(napas["00"], napasGUID) {
		return Errorf(Invalid, "The code is no VietQR: it is for %q, not for NAPAS.", cut(napas["00"], 40))
	}
	to, err := readFields(napas["01"], count)
	if err != nil {
		return err
	}
	q.BIN, q.Account = to["00"], to["01"]
	switch service := strings.ToUpper(napas["02"]); service {
	case serviceAccount:
	case serviceCard:
		q.Card = true
	default:
		return Errorf(Invalid, "The code is for a service that we do not know: %q.", cut(service, 20))
	}
	return q.check("", "")
}

// readAmount takes digits; ".00" after them, which some issuers write, too.
func (q *VietQR) readAmount(s string) error {
	if s == "" {
		return nil
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || !isDigits(whole) || strings.Trim(fraction, "0") != "" || n < 1 || len(s) > 13 {
		return Errorf(Invalid, "The code's amount %q is not a whole number of dong above 0.", cut(s, 20))
	}
	q.Amount = Money(n)
	return nil
}
