package quote

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"gatehouse/cloud/qrcode"
	"gatehouse/parking"
)

// VietQR is the command `cloud vietqr`: it prints the text of a VietQR code,
// or with --decode what such a text says, as JSON.
type VietQR struct {
	BIN     string  `name:"bin" help:"BIN of the receiving bank, 6 digits." placeholder:"BIN"`
	Account string  `help:"Account number, or card number with --card." placeholder:"NUMBER"`
	Card    bool    `help:"The number is a card's."`
	Amount  *string `help:"Amount in dong; without it the payer types one." placeholder:"N"`
	Bill    string  `help:"Bill number, at most 25 characters." placeholder:"TEXT"`
	Memo    string  `help:"Purpose; what is over 25 characters is cut off." placeholder:"TEXT"`
	PNG     string  `name:"png" help:"Also draw the code into this file." placeholder:"FILE"`
	Decode  *string `help:"Read the text of a code instead." placeholder:"PAYLOAD"`
}

// Run writes or reads a code; what it prints goes to w.
func (c *VietQR) Run(w io.Writer) error {
	if c.Decode != nil {
		return c.decode(w)
	}
	code, err := c.code()
	if err != nil {
		return err
	}
	payload, err := code.Encode()
	if err != nil {
		return refused(err)
	}
	if c.PNG != "" {
		if err := writePNG(c.PNG, payload); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(w, payload)
	return err
}

func (c *VietQR) code() (parking.VietQR, error) {
	code := parking.VietQR{BIN: c.BIN, Account: parking.CutAccount(c.Account), Card: c.Card, Bill: c.Bill}
	if c.BIN == "" || c.Account == "" {
		return code, invalid("Name the bank with --bin and the account with --account, or read a code with --decode.")
	}
	if c.Amount != nil {
		n, err := strconv.ParseUint(*c.Amount, 10, 62)
		if err != nil || n == 0 {
			return code, invalid("--amount needs a whole number of dong above 0, not %q.", *c.Amount)
		}
		code.Amount = parking.Money(n)
	}
	memo, err := parking.CutMemo(c.Memo)
	if err != nil {
		return code, refused(err)
	}
	code.Memo = memo
	return code, nil
}

// decoded is the answer of --decode.
type decoded struct {
	BIN     string         `json:"bin"`
	Account string         `json:"account"`
	Service string         `json:"service"`
	Dynamic bool           `json:"dynamic"`
	Amount  *parking.Money `json:"amount"`
	Bill    *string        `json:"bill"`
	Memo    *string        `json:"memo"`
}

func (c *VietQR) decode(w io.Writer) error {
	if c.BIN != "" || c.Account != "" || c.Amount != nil || c.Bill != "" || c.Memo != "" || c.PNG != "" || c.Card {
		return invalid("--decode reads a code and takes no other option.")
	}
	q, err := parking.DecodeVietQR(*c.Decode)
	if err != nil {
		return refused(err)
	}
	d := decoded{BIN: q.BIN, Account: q.Account, Service: q.Service(), Dynamic: q.Dynamic()}
	if q.Amount > 0 {
		d.Amount = &q.Amount
	}
	if q.Bill != "" {
		d.Bill = &q.Bill
	}
	if q.Memo != "" {
		d.Memo = &q.Memo
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

func writePNG(path, payload string) error {
	fail := func(err error) error {
		return &ExitError{Code: exitFailed, Err: err, Message: fmt.Sprintf("The picture %s cannot be written: %s.", path, reason(err))}
	}
	f, err := os.Create(path)
	if err != nil {
		return fail(err)
	}
	if err := errors.Join(qrcode.WritePNG(f, payload), f.Close()); err != nil {
		return fail(err)
	}
	return nil
}
