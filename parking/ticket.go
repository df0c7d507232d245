package parking

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Ticket is what a printed ticket says of its stay: enough for any gate of the
// site to price and close it, heard of before or not. docs/PROTOCOL.md has the
// format for other readers.
type Ticket struct {
	Stay    uuid.UUID
	Site    uuid.UUID
	Gate    string // that let the vehicle in and signed
	Class   Class
	Plate   Plate // "" when it was not known
	Zone    string
	Slot    string    // "" in a counted zone
	In      time.Time // of the IN, whole milliseconds
	Issued  time.Time // when it was printed, not before In
	Tariff  string
	TariffV int
}

// TicketPrefix begins every ticket's text. What follows is base32: capital
// letters and digits, which a QR code writes short.
const TicketPrefix = "GH1."

// MaxTicketText bounds a ticket's text. With the longest codes it has some 570
// characters; most have about 250.
const MaxTicketText = 600

// ticketVersion is the first byte of a ticket.
const ticketVersion = 1

// ticketSigned stands before what is signed, so that no signature of a
// ticket is one of a batch or of a challenge.
const ticketSigned = "gatehouse ticket 1\n"

var ticketText = base32.StdEncoding.WithPadding(base32.NoPadding)

// IsTicket says whether text claims to be a ticket, whole or not.
func IsTicket(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) >= len(TicketPrefix) && strings.EqualFold(text[:len(TicketPrefix)], TicketPrefix)
}

// KeyID names a key on a ticket, so that one by a key that is not known here
// is told from one that was altered.
type KeyID [4]byte

// KeyIDOf is the id of a key: the beginning of its SHA-256.
func KeyIDOf(key ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(key)
	return KeyID(sum[:4])
}

// Sign writes the ticket as text, signed with its gate's key.
func (t Ticket) Sign(key ed25519.PrivateKey) (string, error) {
	if len(key) != ed25519.PrivateKeySize {
		return "", Errorf(Internal, "There is no key to sign tickets with.")
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return "", Errorf(Internal, "There is no key to sign tickets with.")
	}
	if err := t.validate(); err != nil {
		return "", err
	}
	body := t.body(KeyIDOf(public))
	body = append(body, ed25519.Sign(key, append([]byte(ticketSigned), body...))...)
	return TicketPrefix + ticketText.EncodeToString(body), nil
}

func (t *Ticket) body(id KeyID) []byte {
	b := append(make([]byte, 0, 160), ticketVersion)
	b = append(b, id[:]...)
	b = append(b, t.Stay[:]...)
	b = append(b, t.Site[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.In.UnixMilli()))
	b = binary.AppendUvarint(b, uint64(t.Issued.UnixMilli()-t.In.UnixMilli()))
	b = binary.AppendUvarint(b, uint64(t.TariffV))
	for _, s := range []string{t.Gate, string(t.Class), string(t.Plate), t.Zone, t.Slot, t.Tariff} {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	return b
}

// validate refuses what no ticket says: it is asked before one is signed and
// after one was read.
func (t *Ticket) validate() error {
	if t.Stay == uuid.Nil || t.Site == uuid.Nil {
		return Errorf(Invalid, "A ticket names its stay and its site.")
	}
	for _, c := range []struct{ what, code string }{
		{"gate", t.Gate}, {"class", string(t.Class)}, {"zone", t.Zone}, {"tariff", t.Tariff},
	} {
		if err := ValidCode(c.what, c.code); err != nil {
			return err
		}
	}
	if t.Slot != "" {
		if err := ValidCode("slot", t.Slot); err != nil {
			return err
		}
	}
	if t.Plate != "" {
		if p, err := ParsePlate(string(t.Plate)); err != nil || p != t.Plate {
			return Errorf(Invalid, "The plate on this ticket is not one.")
		}
	}
	if t.TariffV < 0 || t.TariffV > maxTariffVersion || !possibleTime(t.In) || !possibleTime(t.Issued) || t.Issued.Before(t.In) {
		return Errorf(Invalid, "The times or the tariff on this ticket are not possible.")
	}
	return nil
}

const maxTariffVersion = 1 << 30

// SignedTicket is a ticket as it was read. What it says counts only once a
// key of its gate verifies it.
type SignedTicket struct {
	Ticket
	Key KeyID // which key its signer says that it was

	body, signature []byte
}

// errTicket is what a guard reads of a text that is no whole ticket.
func errTicket() error {
	return Errorf(Invalid, "This ticket cannot be read: it is damaged, or was not read whole. Scan it again, or go on by the plate.")
}

// ReadTicket reads a ticket's text; it verifies nothing. Small letters and
// white space around are taken, since readers make them. The error is an
// Error with code Invalid.
func ReadTicket(text string) (SignedTicket, error) {
	text = strings.TrimSpace(text)
	if !IsTicket(text) || len(text) > MaxTicketText {
		return SignedTicket{}, errTicket()
	}
	letters := strings.ToUpper(text[len(TicketPrefix):])
	all, err := ticketText.DecodeString(letters)
	if err != nil || ticketText.EncodeToString(all) != letters { // line breaks within, or bits left over
		return SignedTicket{}, errTicket()
	}
	if len(all) < 1+ed25519.SignatureSize {
		return SignedTicket{}, errTicket()
	}
	if all[0] != ticketVersion {
		return SignedTicket{}, Errorf(Invalid, "This ticket was printed by a newer program than this gate has. Go on by the plate.")
	}
	cut := len(all) - ed25519.SignatureSize
	t := SignedTicket{body: all[:cut], signature: all[cut:]}
	if !t.read(all[1:cut]) || !bytes.Equal(t.Ticket.body(t.Key), t.body) { // one ticket has one text
		return SignedTicket{}, errTicket()
	}
	return t, nil
}

// read takes the fields of a ticket, and says whether they were all there and
// possible.
func (t *SignedTicket) read(b []byte) bool {
	const fixed = 4 + 16 + 16 + 8
	if len(b) < fixed {
		return false
	}
	copy(t.Key[:], b)
	copy(t.Stay[:], b[4:])
	copy(t.Site[:], b[20:])
	in := binary.BigEndian.Uint64(b[36:])
	b = b[fixed:]
	after, n := binary.Uvarint(b)
	if n <= 0 || in > 1<<62 || after > 1<<62 {
		return false
	}
	b = b[n:]
	version, n := binary.Uvarint(b)
	if n <= 0 || version > maxTariffVersion {
		return false
	}
	b = b[n:]
	var texts [6]string
	for i := range texts {
		if len(b) < 1 || len(b) < 1+int(b[0]) {
			return false
		}
		texts[i], b = string(b[1:1+b[0]]), b[1+b[0]:]
	}
	if len(b) > 0 || in+after > 1<<62 {
		return false
	}
	t.In, t.Issued = time.UnixMilli(int64(in)).UTC(), time.UnixMilli(int64(in+after)).UTC()
	t.Gate, t.Class, t.Plate, t.Zone, t.Slot, t.Tariff = texts[0], Class(texts[1]), Plate(texts[2]), texts[3], texts[4], texts[5]
	t.TariffV = int(version)
	return t.validate() == nil
}

// TicketKey is a key that a gate has or had.
type TicketKey struct {
	Key   ed25519.PublicKey
	Until time.Time // when it was revoked or replaced; zero: it holds
}

// Verify says whether one of the keys of its gate has signed the ticket. known
// is false when none of them is the key that it names: it can then be neither
// believed nor refused. The error is an Error with code Forbidden: the ticket
// was altered or forged, or printed after its key had ended.
func (t *SignedTicket) Verify(keys []TicketKey) (known bool, err error) {
	for _, k := range keys {
		if len(k.Key) != ed25519.PublicKeySize || KeyIDOf(k.Key) != t.Key {
			continue
		}
		known = true
		if !ed25519.Verify(k.Key, append([]byte(ticketSigned), t.body...), t.signature) {
			continue // another key of the same id may come
		}
		if !k.Until.IsZero() && !t.Issued.Before(k.Until) {
			return true, Errorf(Forbidden, "This ticket was printed after gate %s had lost its key. Go on by the plate.", t.Gate)
		}
		return true, nil
	}
	if !known {
		return false, nil
	}
	return true, Errorf(Forbidden, "The signature of this ticket is wrong: it was altered or forged. Go on by the plate.")
}

// Number is the ticket's number: what stands beneath the code and what the
// stay has as its token.
func (t *Ticket) Number() string { return TicketNumber(t.Stay) }

// TicketNumber is the number of a stay's ticket: nine letters made of the
// stay's id and a check letter, in the alphabet of payment references. It is
// looked up, and proves nothing by itself.
func TicketNumber(stay uuid.UUID) string {
	sum := sha256.Sum256(append([]byte("gatehouse ticket number\n"), stay[:]...))
	n := binary.BigEndian.Uint64(sum[:8]) % referenceSpace
	var b [ReferenceLength]byte
	for i := ReferenceLength - 2; i >= 0; i-- {
		b[i] = referenceLetters[n%28]
		n /= 28
	}
	b[ReferenceLength-1] = checkLetter(b[:ReferenceLength-1])
	return string(b[:])
}

// ParseTicketNumber reads a ticket's number as somebody types it: in any case,
// in groups. It says whether it has the form of one and its check letter is right.
func ParseTicketNumber(s string) (string, bool) {
	if len(s) > 4*ReferenceLength {
		return "", false
	}
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	return s, ValidReference(s)
}

// GroupTicketNumber writes a number in groups, as it is printed.
func GroupTicketNumber(number string) string {
	if len(number) != ReferenceLength {
		return number
	}
	return number[:4] + "-" + number[4:7] + "-" + number[7:]
}
