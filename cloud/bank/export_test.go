package bank

import (
	"net/http"
	"time"

	"gatehouse/parking"
)

// Read is a notice that was read.
type Read struct {
	Transaction, Account, Purpose string
	Incoming                      bool
	Amount                        parking.Money
	At                            time.Time
}

// Verify is what Take does first.
func Verify(name string, s Secrets, h http.Header, body []byte, now time.Time) error {
	return providers[name].verify(s, h, body, now)
}

// ReadNotice is what Take does next.
func ReadNotice(name string, body []byte) (Read, error) {
	n, err := providers[name].read(body)
	return Read{n.transaction, n.account, n.purpose, n.incoming, n.amount, n.at}, err
}
