package parking

import (
	"fmt"
	"strconv"
	"strings"
)

// VietQR is a request to transfer money to a bank account, as a QR code of
// EMVCo's merchant-presented form that NAPAS specifies (VietQR v1.0, 09/2021).
type VietQR struct {
	BIN     string // of the receiving bank, 6 digits
	Account string // or card number, when Card is set; at most 19 letters and digits
	Card    bool
	Amount  Money  // dong; 0 leaves it to the payer
	Bill    string // bill number, at most 25 characters
	Memo    string // purpose, at most 25 characters
	// Reusable marks a code that has an amount and yet says of itself that it
	// may be paid many times ("static"). Some issuers make them; a code with an
	// amount is otherwise for one payment ("dynamic"), one without is static.
	Reusable bool
	// Once marks the opposite: no amount, and yet "dynamic".
	Once bool
}

// Limits of the fields, in characters.
const (
	VietQRAccountMax = 19
	VietQRTextMax    = 25
)

const (
	napasGUID      = "A000000727"
	serviceAccount = "QRIBFTTA"
	serviceCard    = "QRIBFTTC"
	// maxVietQRAmount has the 13 digits that the amount field takes.
	maxVietQRAmount Money = 9_999_999_999_999
)

// Service is NAPAS' name for the kind of transfer.
func (q VietQR) Service() string {
	if q.Card {
		return serviceCard
	}
	return serviceAccount
}

// Dynamic says whether the code is for one payment.
func (q VietQR) Dynamic() bool { return q.Once || q.Amount > 0 && !q.Reusable }

// Encode writes the text of the QR code. Vietnamese letters in Bill and Memo
// are folded to ASCII. Nothing is ever cut here, because a payment reference
// that lost its end finds no stay: what is too long is an Invalid error (see
// CutMemo for text that was typed by hand).
func (q VietQR) Encode() (string, error) {
	bill, memo := FoldVietnamese(q.Bill), FoldVietnamese(q.Memo)
	if err := q.check(bill, memo); err != nil {
		return "", err
	}
	var b strings.Builder
	field := func(tag, value string) { b.WriteString(fieldText(tag, value)) }
	field("00", "01")
	if q.Dynamic() {
		field("01", "12")
	} else {
		field("01", "11")
	}
	field("38",
		fieldText("00", napasGUID)+fieldText("01", fieldText("00", q.BIN)+fieldText("01", q.Account))+fieldText("02", q.Service()))
	field("53", "704")
	if q.Amount > 0 {
		field("54", strconv.FormatInt(int64(q.Amount), 10))
	}
	field("58", "VN")
	if extra := fieldText("01", bill) + fieldText("08", memo); extra != "" {
		field("62", extra)
	}
	b.WriteString("6304")
	return b.String() + fmt.Sprintf("%04X", crc16(b.String())), nil
}

func (q VietQR) check(bill, memo string) error {
	switch {
	case len(q.BIN) != 6 || !isDigits(q.BIN):
		return Errorf(Invalid, "The bank's BIN must be 6 digits, not %q.", cut(q.BIN, 40))
	case q.Account == "":
		return Errorf(Invalid, "The account number is missing.")
	case len(q.Account) > VietQRAccountMax:
		return Errorf(Invalid, "The account number is longer than %d characters.", VietQRAccountMax)
	case strings.ContainsFunc(q.Account, func(r rune) bool { return !isAlnum(r) }):
		return Errorf(Invalid, "The account number may have only digits and the letters A to Z, not %q.", cut(q.Account, 40))
	case q.Amount < 0 || q.Amount > maxVietQRAmount:
		return Errorf(Invalid, "The amount must be a whole number of dong, at most 13 digits, and not negative.")
	case len(bill) > VietQRTextMax:
		return Errorf(Invalid, "The bill number is longer than %d characters, and it must not be cut.", VietQRTextMax)
	case len(memo) > VietQRTextMax:
		return Errorf(Invalid, "The purpose is longer than %d characters.", VietQRTextMax)
	case q.Reusable && q.Once:
		return Errorf(Invalid, "A code is either for one payment or for many.")
	}
	return nil
}

func isAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// CutMemo folds a purpose that was typed by hand and cuts it to what a code
// takes. If the cut would go through a payment reference, or leave one off,
// that is an Invalid error.
func CutMemo(memo string) (string, error) {
	memo = strings.TrimSpace(FoldVietnamese(memo))
	if len(memo) <= VietQRTextMax {
		return memo, nil
	}
	short := strings.TrimSpace(memo[:VietQRTextMax])
	kept := strings.Fields(short)
	for i, word := range strings.Fields(memo) {
		if ValidReference(word) && (i >= len(kept) || kept[i] != word) {
			return "", Errorf(Invalid, "The purpose is longer than %d characters, and cutting it would lose the payment reference %s.",
				VietQRTextMax, word)
		}
	}
	return short, nil
}

// CutAccount takes the white space out of an account or card number that was
// typed by hand, and cuts it to what a code takes.
func CutAccount(account string) string {
	account = strings.Join(strings.Fields(account), "")
	if len(account) > VietQRAccountMax {
		account = account[:VietQRAccountMax]
	}
	return account
}

// fieldText is a field: tag, length, value; "" for an empty value.
func fieldText(tag, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf("%s%02d%s", tag, len(value), value)
}

// crc16 is CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF.
func crc16(s string) uint16 {
	crc := uint16(0xFFFF)
	for i := range len(s) {
		crc ^= uint16(s[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
