package parking

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Receipt is what the code on a receipt says: money that was taken for a stay,
// and of the stay what its ticket would say. Any gate of the site takes it,
// whether or not it has heard of the payment or of the stay (docs/RECEIPTS.md).
type Receipt struct {
	Ticket            // of the stay; Gate and Issued are those of the receipt
	Payment uuid.UUID // the same id as in the fact, so that it counts once
	Amount  Money
	PaidAt  time.Time // from when the exit window counts, whole milliseconds
	ShownAt time.Time // when the fee was shown that was paid; zero when not known
	Series  string    // the receipt's number
	Count   int64
}

// ReceiptPrefix begins every receipt's text; what follows is base32.
const ReceiptPrefix = "GR1."

// MaxReceiptText bounds a receipt's text.
const MaxReceiptText = 700

const (
	receiptVersion = 1
	// receiptSigned stands before what is signed: no receipt is a ticket.
	receiptSigned = "gatehouse receipt 1\n"
)

// IsReceipt says whether text claims to be a receipt, whole or not.
func IsReceipt(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) >= len(ReceiptPrefix) && strings.EqualFold(text[:len(ReceiptPrefix)], ReceiptPrefix)
}

// Sign writes the receipt as text, signed with its gate's key.
func (r Receipt) Sign(key ed25519.PrivateKey) (string, error) {
	if len(key) != ed25519.PrivateKeySize {
		return "", Errorf(Internal, "There is no key to sign receipts with.")
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return "", Errorf(Internal, "There is no key to sign receipts with.")
	}
	if err := r.validate(); err != nil {
		return "", err
	}
	body := r.body(KeyIDOf(public))
	body = append(body, ed25519.Sign(key, append([]byte(receiptSigned), body...))...)
	return ReceiptPrefix + ticketText.EncodeToString(body), nil
}

func (r *Receipt) body(id KeyID) []byte {
	b := append(make([]byte, 0, 220), receiptVersion)
	b = append(b, r.Payment[:]...)
	b = binary.AppendUvarint(b, uint64(r.Amount))
	b = binary.AppendUvarint(b, uint64(r.PaidAt.UnixMilli()))
	shown := int64(0)
	if !r.ShownAt.IsZero() {
		shown = r.ShownAt.UnixMilli()
	}
	b = binary.AppendUvarint(b, uint64(shown))
	b = binary.AppendUvarint(b, uint64(r.Count))
	b = append(b, byte(len(r.Series)))
	b = append(b, r.Series...)
	return append(b, r.Ticket.body(id)[1:]...)
}

// validate refuses what no receipt says.
func (r *Receipt) validate() error {
	if err := r.Ticket.validate(); err != nil {
		return err
	}
	if err := ValidCode("series of receipts", r.Series); err != nil {
		return err
	}
	if r.Payment == uuid.Nil || r.Amount <= 0 || r.Amount > MaxMoney || r.Count < 1 ||
		!possibleTime(r.PaidAt) || !timeOrNone(r.ShownAt) || r.ShownAt.After(r.PaidAt) {
		return Errorf(Invalid, "A receipt names its payment, a sum, a time and its number.")
	}
	return nil
}

// SignedReceipt is a receipt as it was read. What it says counts only once a
// key of its gate verifies it.
type SignedReceipt struct {
	Receipt
	Key KeyID

	body, signature []byte
}

// errReceipt is what a guard reads of a text that is no whole receipt.
func errReceipt() error {
	return Errorf(Invalid, "This receipt cannot be read: it is damaged, or was not read whole. Scan it again, or go on by the plate.")
}

// ReadReceipt reads a receipt's text; it verifies nothing. The error is an
// Error with code Invalid.
func ReadReceipt(text string) (SignedReceipt, error) {
	text = strings.TrimSpace(text)
	if !IsReceipt(text) || len(text) > MaxReceiptText {
		return SignedReceipt{}, errReceipt()
	}
	letters := strings.ToUpper(text[len(ReceiptPrefix):])
	all, err := ticketText.DecodeString(letters)
	if err != nil || ticketText.EncodeToString(all) != letters || len(all) < 1+ed25519.SignatureSize {
		return SignedReceipt{}, errReceipt()
	}
	if all[0] != receiptVersion {
		return SignedReceipt{}, Errorf(Invalid, "This receipt was printed by a newer program than this gate has. Go on by the plate.")
	}
	cut := len(all) - ed25519.SignatureSize
	r := SignedReceipt{body: all[:cut], signature: all[cut:]}
	if !r.read(all[1:cut]) || !bytes.Equal(r.Receipt.body(r.Key), r.body) { // one receipt has one text
		return SignedReceipt{}, errReceipt()
	}
	return r, nil
}

func (r *SignedReceipt) read(b []byte) bool {
	if len(b) < len(r.Payment) {
		return false
	}
	copy(r.Payment[:], b)
	b = b[len(r.Payment):]
	var numbers [4]uint64
	for i := range numbers {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > 1<<62 {
			return false
		}
		numbers[i], b = n, b[size:]
	}
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return false
	}
	r.Series, b = string(b[1:1+b[0]]), b[1+b[0]:]
	r.Amount, r.PaidAt, r.Count = Money(numbers[0]), time.UnixMilli(int64(numbers[1])).UTC(), int64(numbers[3])
	if numbers[2] != 0 {
		r.ShownAt = time.UnixMilli(int64(numbers[2])).UTC()
	}
	t := SignedTicket{}
	if !t.read(b) {
		return false
	}
	r.Ticket, r.Key = t.Ticket, t.Key
	return r.validate() == nil
}

// Verify says whether one of the keys of its gate has signed the receipt, as
// SignedTicket.Verify does.
func (r *SignedReceipt) Verify(keys []TicketKey) (known bool, err error) {
	for _, k := range keys {
		if len(k.Key) != ed25519.PublicKeySize || KeyIDOf(k.Key) != r.Key {
			continue
		}
		known = true
		if !ed25519.Verify(k.Key, append([]byte(receiptSigned), r.body...), r.signature) {
			continue // another key of the same id may come
		}
		if !k.Until.IsZero() && !r.Issued.Before(k.Until) {
			return true, Errorf(Forbidden, "This receipt was printed after gate %s had lost its key. Go on by the plate.", r.Gate)
		}
		return true, nil
	}
	if !known {
		return false, nil
	}
	return true, Errorf(Forbidden, "The signature of this receipt is wrong: it was altered or forged. Take no money off for it.")
}

// Paid is the receipt's payment, as the fact that tells of it would make it.
func (r *Receipt) Paid(m Method) Payment {
	at := r.PaidAt
	p := Payment{ID: r.Payment, Method: m, Status: Paid, Amount: r.Amount, Gate: r.Gate, PaidAt: &at}
	if !r.ShownAt.IsZero() {
		shown := r.ShownAt
		p.RequestedAt = &shown
	}
	return p
}

// ReceiptSeries is the main series of a gate's receipts in a local year:
// "N-2027".
func ReceiptSeries(gate string, year int) string {
	const room = 16 // so that every series is a code, with its run's letters too
	if len(gate) > room {
		sum := sha256.Sum256([]byte("gatehouse receipt series\n" + gate))
		gate = gate[:room-5] + "-" + letters(sum[:], 4)
	}
	return gate + "-" + strconv.Itoa(year)
}

// RunSeries is the series of one run of a gate, for what it issues while
// nobody can tell it whether its disk is the newest: the main series and six
// letters made of the run's epoch. Two runs of one gate share a series once in
// half a billion pairs.
func RunSeries(gate string, year int, epoch Epoch) string {
	sum := sha256.Sum256([]byte("gatehouse receipt run\n" + gate + "\x00" + string(epoch)))
	return ReceiptSeries(gate, year) + "-" + letters(sum[:], 6)
}

// letters are n reference letters made of a hash.
func letters(sum []byte, n int) string {
	v, out := binary.BigEndian.Uint64(sum), make([]byte, n)
	for i := range out {
		out[i] = referenceLetters[v%28]
		v /= 28
	}
	return string(out)
}

// Buyer is who a receipt is made out to, for an invoice. All of it as typed.
type Buyer struct {
	Name    string `json:"name,omitempty"`
	TaxCode string `json:"tax_code,omitempty"`
	Address string `json:"address,omitempty"`
}

// Check says in a sentence what is wrong with a buyer. A tax code has 10
// digits, or 13 with a hyphen before the last three, or is the 12 digits of a
// person's number.
func (b *Buyer) Check() error {
	for _, s := range []string{b.Name, b.Address} {
		if utf8.RuneCountInString(s) > 200 || !printableText(s) {
			return Errorf(Invalid, "The buyer's name and address have at most 200 letters, and no control characters.")
		}
	}
	if b.TaxCode != "" {
		if err := ValidTaxCode(b.TaxCode); err != nil {
			return err
		}
		if strings.TrimSpace(b.Name) == "" {
			return Errorf(Invalid, "Give the buyer's name with the tax code.")
		}
	}
	return nil
}

// ValidTaxCode says in a sentence what is wrong with a Vietnamese tax code.
func ValidTaxCode(s string) error {
	head, tail, branch := strings.Cut(s, "-")
	ok := digits(head) && (len(head) == 10 || len(head) == 12 && !branch) && (!branch || len(tail) == 3 && digits(tail))
	if ok && len(head) == 10 {
		ok = taxCheck(head)
	}
	if !ok {
		return Errorf(Invalid, "The tax code %q is not one: 10 digits, or 10 and 3 with a hyphen, with the right check digit; or the 12 digits of a person.", cut(s, 20))
	}
	return nil
}

// taxCheck is the check digit of the ten: the weighted sum of the first nine,
// modulo 11, taken from 10.
func taxCheck(d string) bool {
	weights := [9]int{31, 29, 23, 19, 17, 13, 7, 5, 3}
	sum := 0
	for i, w := range weights {
		sum += w * int(d[i]-'0')
	}
	return 10-sum%11 == int(d[9]-'0')
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func printableText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
