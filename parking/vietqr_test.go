package parking_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gatehouse/internal/shareddata"
	"gatehouse/parking"
)

type knownCode struct {
	Name, Payload, BIN, Account, Service string
	Dynamic                              bool
	Amount                               *parking.Money
	Bill, Memo                           *string
}

// Every code that others are known to make is read, and written again byte
// for byte.
func TestVietQRKnownCodes(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(shareddata.Dir(t), "vietqr.json"))
	if err != nil {
		t.Fatal(err)
	}
	var known struct{ Valid, Invalid []knownCode }
	if err := json.Unmarshal(b, &known); err != nil {
		t.Fatal(err)
	}
	if len(known.Valid) < 7 || len(known.Invalid) < 2 {
		t.Fatalf("only %d and %d codes", len(known.Valid), len(known.Invalid))
	}
	for _, k := range known.Valid {
		q, err := parking.DecodeVietQR(k.Payload)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		want := parking.VietQR{BIN: k.BIN, Account: k.Account, Card: k.Service == "QRIBFTTC"}
		if k.Amount != nil {
			want.Amount = *k.Amount
		}
		if k.Bill != nil {
			want.Bill = *k.Bill
		}
		if k.Memo != nil {
			want.Memo = *k.Memo
		}
		want.Reusable = want.Amount > 0 && !k.Dynamic
		if q != want || q.Dynamic() != k.Dynamic || q.Service() != k.Service {
			t.Errorf("%s: read as %+v", k.Name, q)
		}
		if again, err := q.Encode(); err != nil || again != k.Payload {
			t.Errorf("%s: written as %s, %v; want %s", k.Name, again, err, k.Payload)
		}
	}
	for _, k := range known.Invalid {
		if q, err := parking.DecodeVietQR(k.Payload); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s: read as %+v, %v", k.Name, q, err)
		}
	}
}

// The codes of NAPAS' own paper, for checkouts that stand alone.
func TestVietQREncode(t *testing.T) {
	t.Parallel()
	for want, q := range map[string]parking.VietQR{
		"00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN63044F52": {
			BIN: "970403", Account: "9704031101234567", Card: true,
		},
		"00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA530370454061800005802VN62340107NPS68690819thanh toan don hang63042E2E": {
			BIN: "970403", Account: "0011012345678", Amount: 180000, Bill: "NPS6869", Memo: "thanh toán đơn hàng",
		},
	} {
		if got, err := q.Encode(); err != nil || got != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

// Others order fields as they like, add their own, write the CRC in lower
// case, and count letters where the standard counts bytes.
func TestVietQRReadsSloppyCodes(t *testing.T) {
	t.Parallel()
	const to = "38540010A00000072701240006970423011001234567890208QRIBFTTA"
	want := parking.VietQR{BIN: "970423", Account: "0123456789"}
	memo, amount, once := want, want, want
	memo.Memo, amount.Amount, once.Once = "gửi xe", 74000, true
	for name, c := range map[string]struct {
		payload string
		want    parking.VietQR
	}{
		"another order":      {"5802VN" + to + "53037040102110002016304B5EF", want},
		"unknown fields":     {"000201010211" + to + "52047299" + "53037045802VN5909NGUYEN AN80020163040D63", want},
		"lower case, spaces": {" 000201010211" + to + "53037045802VN6304f64b\n", want},
		"counts letters":     {"000201010211" + to + "53037045802VN62100806gửi xe6304D187", memo},
		"counts bytes":       {"000201010211" + to + "53037045802VN62120808gửi xe6304E6B4", memo},
		"no method":          {"000201" + to + "5303704540574000" + "5802VN6304C4A4", amount},
		"dong with cents":    {"000201010212" + to + "5303704540874000.00" + "5802VN6304E0A4", amount},
		"once, no amount":    {"000201010212" + to + "53037045802VN6304C0EA", once},
	} {
		payload := recrc(c.payload)
		if q, err := parking.DecodeVietQR(payload); err != nil || q != c.want {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
}

// recrc puts the right CRC into a payload, in the case that it had. It is
// written bit by bit, as the paper defines it, to check the other one.
func recrc(payload string) string {
	trimmed := strings.TrimRight(payload, " \n")
	i := len(trimmed) - 4
	body := strings.TrimLeft(trimmed[:i], " ")
	crc := 0xFFFF
	for _, b := range []byte(body) {
		for bit := 7; bit >= 0; bit-- {
			top := crc >> 15 & 1
			crc = crc << 1 & 0xFFFF
			if top != int(b)>>bit&1 {
				crc ^= 0x1021
			}
		}
	}
	const hex = "0123456789ABCDEF"
	sum := string([]byte{hex[crc>>12], hex[crc>>8&15], hex[crc>>4&15], hex[crc&15]})
	if trimmed[i:] == strings.ToLower(trimmed[i:]) {
		sum = strings.ToLower(sum)
	}
	return strings.Replace(payload, trimmed, trimmed[:i]+sum, 1)
}

func TestVietQRRefusesToRead(t *testing.T) {
	t.Parallel()
	const to = "38540010A00000072701240006970423011001234567890208QRIBFTTA"
	for name, c := range map[string]struct{ payload, want string }{
		"empty":            {"", "CRC"},
		"no CRC":           {"000201010211" + to, "CRC"},
		"another format":   {recrc("000202010211" + to + "63040000"), "format"},
		"no receiver":      {recrc("000201010211" + "53037045802VN63040000"), "field 38"},
		"not NAPAS":        {recrc("00020101021138080004ABCD63040000"), "NAPAS"},
		"another currency": {recrc("000201010211" + to + "5303840" + "63040000"), "currency"},
		"amount 0":         {recrc("000201010212" + to + "54010" + "63040000"), "amount"},
		"half a dong":      {recrc("000201010212" + to + "54035.5" + "63040000"), "amount"},
		"signed amount":    {recrc("000201010212" + to + "5402+5" + "63040000"), "amount"},
		"field twice":      {recrc("000201010211" + to + to + "63040000"), "twice"},
		"too short":        {recrc("000201010211" + to + "5899VN" + "63040000"), "lengths"},
		"long":             {strings.Repeat("0", 2000), "longer"},
	} {
		q, err := parking.DecodeVietQR(c.payload)
		if err == nil || !strings.Contains(parking.ErrorMessage(err), c.want) {
			t.Errorf("%s: read as %+v, %v; want a sentence with %q", name, q, err, c.want)
		}
	}
}

// What is too long is never cut on the way into a code.
func TestVietQRRefusesToCut(t *testing.T) {
	t.Parallel()
	good := parking.VietQR{BIN: "970423", Account: "0123456789"}
	for name, change := range map[string]func(q *parking.VietQR){
		"memo":            func(q *parking.VietQR) { q.Memo = strings.Repeat("đ", 26) },
		"bill":            func(q *parking.VietQR) { q.Bill = strings.Repeat("1", 26) },
		"account":         func(q *parking.VietQR) { q.Account = strings.Repeat("1", 20) },
		"account letters": func(q *parking.VietQR) { q.Account = "12-3" },
		"no account":      func(q *parking.VietQR) { q.Account = "" },
		"bin":             func(q *parking.VietQR) { q.BIN = "97042x" },
		"negative":        func(q *parking.VietQR) { q.Amount = -1 },
		"14 digits":       func(q *parking.VietQR) { q.Amount = 10_000_000_000_000 },
	} {
		q := good
		change(&q)
		if got, err := q.Encode(); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s: written as %s, %v", name, got, err)
		}
	}
}

func TestCutMemo(t *testing.T) {
	t.Parallel()
	ref := parking.NewReference("N", "000001-0102030405060708", 1)
	for memo, want := range map[string]string{
		"  Gửi xe Đà Lạt ":                      "Gui xe Da Lat",
		"gửi xe tháng mười hai năm nay":         "gui xe thang muoi hai nam",
		ref + " gửi xe máy của anh Nguyễn":      ref + " gui xe may cua",
		"gui xe may " + ref + " cua anh Nguyen": "gui xe may " + ref + " cua",
	} {
		if got, err := parking.CutMemo(memo); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", memo, got, err, want)
		}
	}
	for _, memo := range []string{"gui xe may cua anh An " + ref, "gui xe may cua anh Nguyen Van An " + ref} {
		if got, err := parking.CutMemo(memo); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%q was cut to %q, %v", memo, got, err)
		}
	}
}

func TestFoldVietnamese(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"Trường Sa, Hoàng Sa là của Việt Nam": "Truong Sa, Hoang Sa la cua Viet Nam",
		"ĐẶNG THỊ NGỌC Ỷ":                     "DANG THI NGOC Y",
		"e\u0302\u0301 o\u031b\u0323":         "e o", // decomposed
		"a\tb\u00a0c\n":                       "a b c ",
		"xe 🛵 5€":                             "xe  5",
	} {
		if got := parking.FoldVietnamese(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestVietQRSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[A-Za-z0-9 .,-]{0,25}`)
		q := parking.VietQR{
			BIN: rapid.StringMatching(`[0-9]{6}`).Draw(t, "bin"), Account: rapid.StringMatching(`[0-9A-Z]{1,19}`).Draw(t, "account"),
			Card: rapid.Bool().Draw(t, "card"), Amount: parking.Money(rapid.Int64Range(0, 9_999_999_999_999).Draw(t, "amount")),
			Bill: text.Draw(t, "bill"), Memo: text.Draw(t, "memo"),
		}
		payload, err := q.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parking.DecodeVietQR(payload); err != nil || got != q {
			t.Fatalf("%+v became %+v, %v", q, got, err)
		}
		i := rapid.IntRange(0, len(payload)-5).Draw(t, "spoilt")
		spoilt := []byte(payload)
		spoilt[i] ^= 1
		if _, err := parking.DecodeVietQR(string(spoilt)); err == nil {
			t.Fatalf("a wrong letter at %d was not seen in %s", i, payload)
		}
	})
}

func FuzzDecodeVietQR(f *testing.F) {
	f.Add("00020101021138540010A00000072701240006970423011001234567890208QRIBFTTA53037045802VN6304F64B", false)
	f.Add("00020101021138540010A00000072701240006970423011001234567890208QRIBFTTA53037045802VN62100806gửi xe63040000", true)
	f.Fuzz(func(t *testing.T, payload string, repair bool) {
		if repair && len(payload) > 8 { // else nothing gets past the CRC
			payload = recrc(payload)
		}
		q, err := parking.DecodeVietQR(payload)
		if err != nil {
			if code := parking.ErrorCode(err); code != parking.Invalid && code != parking.TooLarge {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		again, err := q.Encode()
		if err != nil {
			return // a text longer than we write
		}
		back, err := parking.DecodeVietQR(again)
		if err != nil || back.BIN != q.BIN || back.Account != q.Account || back.Amount != q.Amount || back.Dynamic() != q.Dynamic() {
			t.Fatalf("%+v was written as %s and read as %+v, %v", q, again, back, err)
		}
	})
}
