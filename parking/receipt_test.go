package parking_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/parking"
)

func aReceipt() parking.Receipt {
	ticket := aTicket()
	ticket.Gate, ticket.Issued = "S", ticket.In.Add(2*time.Hour)
	return parking.Receipt{
		Ticket: ticket, Payment: ticket.Stay, Amount: 8000, PaidAt: ticket.In.Add(2 * time.Hour),
		ShownAt: ticket.In.Add(2*time.Hour - time.Minute), Series: "S-2026", Count: 41,
	}
}

// The text of one receipt: those that are printed must be read by later
// programs.
const receiptOfRecord = "GR1.AEAZVIAAAAAHAAEAAAAAAAAAACQ4APWA2OO3PHZU4D7JTN47GQUQMUZNGIYDENX6QEWBEAM2UAAAAADQACAAAAAAAAAABIIBR4AAAAAAOAAIAAAAAAAAAAABAAAADIPWPGGMBAF2W4BQGAKTBFWW65DPOJRGS23FBEZDSQRRGQ2TMNZYAFGQAB3EMVTGC5LMOQGANQ7GQAR56L5SSCHE2O52SQAL4W7ELQWUJ6AGR72PXJBK2ZUB5XNCM7GGSCUML7KLKQIP6IZXDBJTKDIQZGQO6OBQQAUBSMD6ARAD"

func TestReceiptOfRecord(t *testing.T) {
	t.Parallel()
	text, err := aReceipt().Sign(ticketKey(7))
	if err != nil {
		t.Fatal(err)
	}
	if text != receiptOfRecord {
		t.Errorf("the format of receipts has changed; printed ones are not read any more:\n%s", text)
	}
	read, err := parking.ReadReceipt(" " + strings.ToLower(text) + "\r\n")
	if err != nil || read.Receipt != aReceipt() || read.Key != parking.KeyIDOf(publicOf(ticketKey(7))) {
		t.Errorf("read back as %+v, %v", read, err)
	}
	if parking.IsTicket(text) || !parking.IsReceipt(text) {
		t.Error("taken for a ticket")
	}
}

func TestReceiptIsVerified(t *testing.T) {
	t.Parallel()
	own, other := ticketKey(1), ticketKey(2)
	text, err := aReceipt().Sign(own)
	if err != nil {
		t.Fatal(err)
	}
	issued := aReceipt().Issued
	for _, c := range []struct {
		name  string
		keys  []parking.TicketKey
		known bool
		code  parking.Code
	}{
		{"by its key", []parking.TicketKey{{Key: publicOf(other)}, {Key: publicOf(own)}}, true, ""},
		{"by no key", nil, false, ""},
		{"by another key", []parking.TicketKey{{Key: publicOf(other)}}, false, ""},
		{"printed before its key ended", []parking.TicketKey{{Key: publicOf(own), Until: issued.Add(time.Millisecond)}}, true, ""},
		{"printed when its key had ended", []parking.TicketKey{{Key: publicOf(own), Until: issued}}, true, parking.Forbidden},
	} {
		r, err := parking.ReadReceipt(text)
		if err != nil {
			t.Fatal(err)
		}
		if known, err := r.Verify(c.keys); known != c.known || parking.ErrorCode(err) != c.code && (err != nil || c.code != "") {
			t.Errorf("%s: %v, %v", c.name, known, err)
		}
	}
	// One letter changed: read as no receipt, or its signature is wrong.
	for i := len(parking.ReceiptPrefix); i < len(text); i++ {
		b := []byte(text)
		if b[i]++; b[i] > 'Z' || b[i] == '8' {
			b[i] = 'A'
		}
		r, err := parking.ReadReceipt(string(b))
		if err == nil {
			var known bool
			if known, err = r.Verify([]parking.TicketKey{{Key: publicOf(own)}}); !known {
				continue // the letter was in the key's name: nobody believes it
			}
		}
		if err == nil || parking.ErrorMessage(err) == "" {
			t.Fatalf("letter %d changed, and it is believed: %+v", i, r)
		}
	}
	// A ticket's signature is none of a receipt, nor the other way round.
	ticket, err := aTicket().Sign(own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parking.ReadReceipt(parking.ReceiptPrefix + ticket[len(parking.TicketPrefix):]); err == nil {
		t.Error("a ticket was read as a receipt")
	}
}

func TestReceiptsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*parking.Receipt){
		"no payment":         func(r *parking.Receipt) { r.Payment = [16]byte{} },
		"nothing paid":       func(r *parking.Receipt) { r.Amount = 0 },
		"too much":           func(r *parking.Receipt) { r.Amount = parking.MaxMoney + 1 },
		"no number":          func(r *parking.Receipt) { r.Count = 0 },
		"no series":          func(r *parking.Receipt) { r.Series = "" },
		"shown after":        func(r *parking.Receipt) { r.ShownAt = r.PaidAt.Add(time.Second) },
		"no time":            func(r *parking.Receipt) { r.PaidAt = time.Time{} },
		"of no gate":         func(r *parking.Receipt) { r.Gate = "" },
		"issued before IN":   func(r *parking.Receipt) { r.Issued = r.In.Add(-time.Second) },
		"a plate that isn't": func(r *parking.Receipt) { r.Plate = "?" },
	} {
		r := aReceipt()
		change(&r)
		if _, err := r.Sign(ticketKey(1)); parking.ErrorMessage(err) == "" {
			t.Errorf("%s: signed, %v", name, err)
		}
	}
	long := aReceipt()
	code := strings.Repeat("W", 32)
	long.Gate, long.Zone, long.Slot, long.Tariff, long.Class, long.Series = code, code, code, code, parking.Class(code), parking.RunSeries(code, 2027, "00000001-aaaaaaaaaaaaaaaa")
	text, err := long.Sign(ticketKey(1))
	if err != nil || len(text) > parking.MaxReceiptText {
		t.Errorf("the longest codes: %d letters, %v", len(text), err)
	}
	if _, err := parking.ReadReceipt(text); err != nil {
		t.Error(err)
	}
}

func FuzzReadReceipt(f *testing.F) {
	for n := range byte(3) {
		r := aReceipt()
		r.Slot = []string{"", "N01", "M-07"}[n]
		if n == 1 {
			r.ShownAt = time.Time{}
		}
		text, err := r.Sign(ticketKey(n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add("GR1.AE")
	f.Add("gr1.")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parking.ReadReceipt(text)
		if err != nil {
			if parking.ErrorCode(err) != parking.Invalid || parking.ErrorMessage(err) == "" {
				t.Fatalf("refused by %v", err)
			}
			return
		}
		again, err := r.Sign(ticketKey(9))
		if err != nil {
			t.Fatalf("a receipt that cannot be signed was read: %v", err)
		}
		read, err := parking.ReadReceipt(again)
		if err != nil || read.Receipt != r.Receipt {
			t.Fatalf("%+v became %+v, %v", r.Receipt, read.Receipt, err)
		}
	})
}

func TestSeriesAreCodes(t *testing.T) {
	t.Parallel()
	if s := parking.ReceiptSeries("N", 2027); s != "N-2027" {
		t.Errorf("the main series is %s", s)
	}
	long := strings.Repeat("G", 32)
	seen := map[string]bool{}
	for _, gate := range []string{"N", "S", long, long[:31] + "H"} {
		for _, epoch := range []parking.Epoch{"00000001-aaaaaaaaaaaaaaaa", "00000002-bbbbbbbbbbbbbbbb"} {
			for _, year := range []int{2026, 2027} {
				for _, s := range []string{parking.RunSeries(gate, year, epoch), parking.ReceiptSeries(gate, year) + string(epoch[7])} {
					if err := parking.ValidCode("series", s); err != nil || seen[s] {
						t.Errorf("series %s of gate %s: %v, seen %v", s, gate, err, seen[s])
					}
					seen[s] = true
				}
			}
		}
	}
}

func TestTaxCodes(t *testing.T) {
	t.Parallel()
	for code, good := range map[string]bool{
		"0100109106": true, "0100109106-001": true, "0300588569": true, "001099012345": true,
		"": false, "0100109107": false, "0100109106-01": false, "0100109106001": false, "01001091AB": false, "0100109106-": false, "12345": false,
	} {
		if err := parking.ValidTaxCode(code); (err == nil) != good {
			t.Errorf("%q: %v", code, err)
		}
	}
	for _, b := range []parking.Buyer{{TaxCode: "0100109106"}, {Name: "a\nb"}, {Name: strings.Repeat("x", 201)}, {Name: "A", TaxCode: "1"}} {
		if err := b.Check(); parking.ErrorMessage(err) == "" {
			t.Errorf("%+v is taken", b)
		}
	}
	if err := (&parking.Buyer{Name: "Công ty A", TaxCode: "0100109106", Address: "Hà Nội"}).Check(); err != nil {
		t.Error(err)
	}
}

func TestTaxWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sum, tax parking.Money
		percent  int
	}{{11000, 1000, 10}, {8000, 593, 8}, {5000, 0, 0}, {0, 0, 10}, {100, 50, 100}} {
		if got := parking.TaxWithin(c.sum, c.percent); got != c.tax {
			t.Errorf("%d%% within %d is %d, want %d", c.percent, c.sum, got, c.tax)
		}
	}
}

// The end of a turn is the first instant at which a stay would touch the next.
func TestTurnEnd(t *testing.T) {
	t.Parallel()
	tariff, err := parking.ParseTariffJSON([]byte(`{"id":"hn","version":1,"currency":"VND","timezone":"Asia/Ho_Chi_Minh","grace":"0m","rounding":1,"classes":{
		"motorbike":{"turns":[{"name":"day","from":"06:00","to":"18:00","price":5000},{"name":"night","from":"18:00","to":"06:00","price":8000}]},
		"car":{"blocks":{"first":{"length":"60m","price":5000},"then":{"length":"60m","price":3000}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for now, want := range map[string]string{
		"2027-01-01T06:00:00+07:00": "2027-01-01T18:00:00+07:00", "2027-01-01T17:59:59+07:00": "2027-01-01T18:00:00+07:00",
		"2027-01-01T18:00:00+07:00": "2027-01-02T06:00:00+07:00", "2027-01-02T00:00:00+07:00": "2027-01-02T06:00:00+07:00",
		"2027-01-02T05:59:59+07:00": "2027-01-02T06:00:00+07:00",
	} {
		end, byTurns := tariff.TurnEnd(parking.Motorbike, at(now))
		if !byTurns || !end.Equal(at(want)) {
			t.Errorf("at %s the turn ends %s, want %s", now, end, want)
		}
		one, err := tariff.Quote(parking.QuoteRequest{Class: parking.Motorbike, In: at(now), Out: end})
		if err != nil {
			t.Fatal(err)
		}
		two, err := tariff.Quote(parking.QuoteRequest{Class: parking.Motorbike, In: at(now), Out: end.Add(2 * time.Minute)})
		if err != nil || two.Fee <= one.Fee || one.Fee > 8000 {
			t.Errorf("%s to its end costs %d, two minutes more %d, %v", now, one.Fee, two.Fee, err)
		}
	}
	if _, byTurns := tariff.TurnEnd(parking.Car, at("2027-01-01T06:00:00+07:00")); byTurns {
		t.Error("blocks have no turns")
	}
}
