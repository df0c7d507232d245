package parking_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"gatehouse/parking"
)

func ticketKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func publicOf(k ed25519.PrivateKey) ed25519.PublicKey {
	return k.Public().(ed25519.PublicKey)
}

func aTicket() parking.Ticket {
	in := time.Date(2026, 11, 20, 1, 2, 3, 456e6, time.UTC)
	return parking.Ticket{
		Stay: uuid.MustParse("019aa000-0000-7000-8000-0000000000a1"), Site: uuid.MustParse("018f0000-0000-7000-8000-000000000001"),
		Gate: "N", Class: parking.Motorbike, Plate: "29B145678", Zone: "M", In: in, Issued: in.Add(1500 * time.Millisecond),
		Tariff: "default", TariffV: 3,
	}
}

// The text of one ticket, so that another program's reader can be tried
// against it; docs/PROTOCOL.md has it, too.
func TestTicketOfRecord(t *testing.T) {
	t.Parallel()
	text, err := aTicket().Sign(ticketKey(7))
	if err != nil {
		t.Fatal(err)
	}
	if text != ticketOfRecord {
		t.Fatalf("the format of tickets has changed; printed ones are not read any more:\n%s", text)
	}
	read, err := parking.ReadTicket(" " + strings.ToLower(text) + "\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if read.Ticket != aTicket() || read.Key != parking.KeyIDOf(publicOf(ticketKey(7))) {
		t.Errorf("read back as %+v", read)
	}
	if n := read.Number(); n != "VHYFGKAQRU" {
		t.Errorf("its number is %s", n)
	}
}

const ticketOfRecord = "GH1.AH7ICLASAGNKAAAAABYABAAAAAAAAAAAUEAY6AAAAAAHAAEAAAAAAAAAAAAQAAABUH3HTDGA3QFQGAKOBFWW65DPOJRGS23FBEZDSQRRGQ2TMNZYAFGQAB3EMVTGC5LMORNC4V7GA6BITAWTW3X2BO47I77AAVSOKF72QNSWRFJJ4HXJJXMAOYOUMYNHU4DSCZ4X2TDSVNLEU77QXUYXVQEGMN5YJJU6ATLVH5YA"

func TestTicketIsVerified(t *testing.T) {
	t.Parallel()
	own, other := ticketKey(1), ticketKey(2)
	text, err := aTicket().Sign(own)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := parking.ReadTicket(text)
	if err != nil {
		t.Fatal(err)
	}
	issued := aTicket().Issued
	for _, c := range []struct {
		name  string
		keys  []parking.TicketKey
		known bool
		code  parking.Code
	}{
		{"by its key", []parking.TicketKey{{Key: publicOf(other)}, {Key: publicOf(own)}}, true, ""},
		{"by no key", nil, false, ""},
		{"by another key", []parking.TicketKey{{Key: publicOf(other)}}, false, ""},
		{"by a key that is none", []parking.TicketKey{{Key: publicOf(own)[:5]}}, false, ""},
		{"printed before its key ended", []parking.TicketKey{{Key: publicOf(own), Until: issued.Add(time.Millisecond)}}, true, ""},
		{"printed after its key had ended", []parking.TicketKey{{Key: publicOf(own), Until: issued}}, true, parking.Forbidden},
	} {
		known, err := ticket.Verify(c.keys)
		if known != c.known || parking.ErrorCode(err) != c.code {
			t.Errorf("%s: known %v, %v", c.name, known, err)
		}
	}
}

// Whatever one letter of a ticket is changed to, it is never believed.
func TestAlteredTicket(t *testing.T) {
	t.Parallel()
	key := ticketKey(1)
	text, err := aTicket().Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	keys := []parking.TicketKey{{Key: publicOf(key)}}
	refused := 0
	for i := len(parking.TicketPrefix); i < len(text); i++ {
		for _, c := range "A7QZ" {
			if byte(c) == text[i] {
				continue
			}
			ticket, err := parking.ReadTicket(text[:i] + string(c) + text[i+1:])
			if err != nil {
				continue
			}
			known, err := ticket.Verify(keys)
			if known && err == nil {
				t.Fatalf("letter %d changed to %c is believed", i, c)
			}
			if known {
				refused++
			}
		}
	}
	if refused < 300 {
		t.Errorf("only %d altered tickets came as far as their signature", refused)
	}
}

func TestTicketsThatAreNone(t *testing.T) {
	t.Parallel()
	text, err := aTicket().Sign(ticketKey(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"empty": "", "prefix": "GH1.", "half": text[:len(text)/2], "one letter less": text[:len(text)-1], "more": text + "AA",
		"huge": text + strings.Repeat("A", 1<<20), "a hole": text[:50] + "\n" + text[50:], "NUL": text[:50] + "\x00" + text[51:],
		"no base32": "GH1.!!!!", "another code": "00020101021238540010A00000072701240006970436",
	} {
		if _, err := parking.ReadTicket(s); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := aTicket()
	bad.Issued = bad.In.Add(-time.Second)
	if _, err := bad.Sign(ticketKey(1)); err == nil {
		t.Error("printed before the vehicle came, and signed")
	}
	if _, err := aTicket().Sign(nil); err == nil {
		t.Error("signed by no key")
	}
}

func TestTicketsComeBack(t *testing.T) {
	t.Parallel()
	code := rapid.StringMatching(`[A-Za-z0-9_-]{1,32}`)
	rapid.Check(t, func(t *rapid.T) {
		in := time.UnixMilli(rapid.Int64Range(1e12, 4e12).Draw(t, "in")).UTC()
		var stay, site uuid.UUID
		copy(stay[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "stay"))
		copy(site[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "site"))
		stay[0], site[0] = stay[0]|1, site[0]|1
		ticket := parking.Ticket{
			Stay: stay, Site: site, Gate: code.Draw(t, "gate"), Class: parking.Class(code.Draw(t, "class")),
			Zone: code.Draw(t, "zone"), Tariff: code.Draw(t, "tariff"), TariffV: rapid.IntRange(0, 1<<30).Draw(t, "version"),
			In: in, Issued: in.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "later")) * time.Millisecond),
		}
		if rapid.Bool().Draw(t, "numbered") {
			ticket.Slot = code.Draw(t, "slot")
		}
		if plate, err := parking.ParsePlate(rapid.StringMatching(`[0-9A-ZĐÄÖÜ]{0,15}`).Draw(t, "plate")); err == nil {
			ticket.Plate = plate
		}
		key := ticketKey(rapid.Byte().Draw(t, "key"))
		text, err := ticket.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > parking.MaxTicketText {
			t.Fatalf("%d characters", len(text))
		}
		read, err := parking.ReadTicket(text)
		if err != nil || read.Ticket != ticket {
			t.Fatalf("%+v became %+v, %v", ticket, read.Ticket, err)
		}
		if known, err := read.Verify([]parking.TicketKey{{Key: publicOf(key)}}); !known || err != nil {
			t.Fatalf("its own key: %v, %v", known, err)
		}
		if n, ok := parking.ParseTicketNumber(strings.ToLower(parking.GroupTicketNumber(read.Number()))); !ok || n != read.Number() {
			t.Fatalf("its number %s typed in groups: %s, %v", read.Number(), n, ok)
		}
	})
}

func FuzzReadTicket(f *testing.F) {
	for n := range byte(3) {
		ticket := aTicket()
		ticket.Slot = []string{"", "N01", "M-07"}[n]
		text, err := ticket.Sign(ticketKey(n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add("GH1.AE")
	f.Add("gh1.")
	f.Fuzz(func(t *testing.T, text string) {
		ticket, err := parking.ReadTicket(text)
		if err != nil {
			if parking.ErrorCode(err) != parking.Invalid || parking.ErrorMessage(err) == "" {
				t.Fatalf("refused by %v", err)
			}
			return
		}
		again, err := ticket.Sign(ticketKey(9))
		if err != nil {
			t.Fatalf("a ticket that cannot be signed was read: %v", err)
		}
		read, err := parking.ReadTicket(again)
		if err != nil || read.Ticket != ticket.Ticket {
			t.Fatalf("%+v became %+v, %v", ticket.Ticket, read.Ticket, err)
		}
	})
}
