package quote_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	_ "time/tzdata"

	"github.com/alecthomas/kong"

	"gatehouse/cloud/quote"
)

type program struct {
	Quote  quote.Quote  `cmd:""`
	VietQR quote.VietQR `cmd:"" name:"vietqr"`
}

// run is the program as main runs it, in this process.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var p program
	var out bytes.Buffer
	parser, err := kong.New(&p, kong.BindTo(&out, (*io.Writer)(nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	err = ctx.Run()
	return out.String(), err
}

// mustRun is run that must succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := run(t, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

const defaultTariff = "../../tariffs/default.yaml"

func quoteArgs(rest ...string) []string {
	return append([]string{"quote", "--tariff", defaultTariff, "--class", "car", "--in", "2027-03-01T08:00:00+07:00"}, rest...)
}

func TestQuoteJSON(t *testing.T) {
	t.Parallel()
	var got map[string]any
	out := mustRun(t, quoteArgs("--out", "2027-03-01T09:01:00+07:00", "--paid", "5000@2027-03-01T08:30:00+07:00", "--json")...)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 5 || got["fee"] != 8000.0 || got["due"] != 3000.0 || got["currency"] != "VND" || got["minutes"] != 61.0 {
		t.Errorf("got %s", out)
	}
	lines := got["lines"].([]any)
	second := lines[1].(map[string]any)
	text := second["text"].(map[string]any)
	if len(lines) != 2 || second["code"] != "block_then" || second["amount"] != 3000.0 || len(second) != 3 ||
		text["en"] != "Then 1 × 60 min, ₫3,000 each one begun" || text["vi"] != "Tiếp theo 1 × 60 phút, 3.000 ₫ mỗi lần bắt đầu" {
		t.Errorf("got lines %s", out)
	}
}

func TestQuotePrints(t *testing.T) {
	t.Parallel()
	out := mustRun(t, quoteArgs("--out", "2027-03-01T09:00:59+07:00", "--lost")...)
	for _, want := range []string{"₫5,000  First 60 min · 60 phút đầu", "₫50,000  Lost ticket · Mất vé", "₫55,000  fee for 60 min"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// A pass by dates holds to the end of its last day; the rest is priced as a
// stay that came in then.
func TestQuotePass(t *testing.T) {
	t.Parallel()
	for pass, want := range map[string]string{
		"2027-03-01..2027-03-02":                                 `{"fee":0,"due":0,`,
		"2027-03-01..2027-03-01":                                 `{"fee":5000,"due":5000,`,
		"2027-02-01T00:00:00+07:00..2027-03-01T23:00:00+07:00":   `{"fee":8000,"due":8000,`,
		"2027-03-01T08:00:01+07:00..2027-04-01T00:00:00.0+07:00": `{"fee":53000,"due":53000,`,
	} {
		out := mustRun(t, quoteArgs("--out", "2027-03-02T01:00:00+07:00", "--json", "--pass", pass)...)
		if !strings.HasPrefix(out, want) {
			t.Errorf("pass %s: got %s, want %s", pass, out, want)
		}
	}
}

func TestCommandsRefuse(t *testing.T) {
	t.Parallel()
	out := "2027-03-01T09:00:00+07:00"
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("id: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no tariff":      {[]string{"quote"}, "--tariff"},
		"no such file":   {[]string{"quote", "--tariff", "/nowhere.yaml"}, "no such file"},
		"a folder":       {[]string{"quote", "--tariff", t.TempDir()}, "directory"},
		"bad file":       {[]string{"quote", "--tariff", bad}, "cannot be read"},
		"unknown class":  {append(quoteArgs("--out", out), "--class", "tank"), `no price for the class "tank"`},
		"unknown code":   {quoteArgs("--out", out, "--discount", "FREE"), `no discount "FREE"`},
		"no out":         {quoteArgs(), "--out"},
		"time":           {quoteArgs("--out", "2027-03-01 09:00"), "--out needs a time"},
		"paid":           {quoteArgs("--out", out, "--paid", "5000"), "--paid"},
		"paid nothing":   {quoteArgs("--out", out, "--paid", "0@"+out), "--paid"},
		"paid time":      {quoteArgs("--out", out, "--paid", "5000@noon"), "--paid"},
		"pass":           {quoteArgs("--out", out, "--pass", "2027-03-01"), "--pass"},
		"pass backwards": {quoteArgs("--out", out, "--pass", "2027-03-02..2027-03-01"), "ends before"},
		"no bank":        {[]string{"vietqr"}, "--bin"},
		"bad bin":        {[]string{"vietqr", "--bin", "97042", "--account", "1"}, "6 digits"},
		"amount 0":       {[]string{"vietqr", "--bin", "970423", "--account", "1", "--amount", "0"}, "--amount"},
		"amount words":   {[]string{"vietqr", "--bin", "970423", "--account", "1", "--amount", "5k"}, "--amount"},
		"amount long":    {[]string{"vietqr", "--bin", "970423", "--account", "1", "--amount", "10000000000000"}, "13 digits"},
		"long bill":      {[]string{"vietqr", "--bin", "970423", "--account", "1", "--bill", strings.Repeat("A", 26)}, "bill number"},
		"wrong CRC":      {[]string{"vietqr", "--decode", "00020101021138540010A00000072701240006970423011000999999990208QRIBFTTA53037045802VN6304CBB5"}, "CRC is wrong"},
		"nothing":        {[]string{"vietqr", "--decode", ""}, "CRC"},
		"decode and bin": {[]string{"vietqr", "--decode", "x", "--bin", "970423"}, "no other option"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			printed, err := run(t, c.args...)
			var exit *quote.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(err.Error(), c.want) || printed != "" {
				t.Errorf("got %q, %v; want exit code 2 and a sentence with %q", printed, err, c.want)
			}
		})
	}
}

func TestVietQRWritesAndReads(t *testing.T) {
	t.Parallel()
	out := mustRun(t, "vietqr", "--bin", "970403", "--account", "0011012345678", "--amount", "180000", "--bill", "NPS6869",
		"--memo", "thanh toán đơn hàng")
	const want = "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA530370454061800005802VN62340107NPS68690819thanh toan don hang63042E2E"
	if strings.TrimSpace(out) != want {
		t.Fatalf("got %s want %s", out, want)
	}
	got := mustRun(t, "vietqr", "--decode", want)
	if strings.TrimSpace(got) != `{"bin":"970403","account":"0011012345678","service":"QRIBFTTA","dynamic":true,"amount":180000,"bill":"NPS6869","memo":"thanh toan don hang"}` {
		t.Errorf("read as %s", got)
	}
	got = mustRun(t, "vietqr", "--decode", "00020101021138600010A00000072701300006970403011697040311012345670208QRIBFTTC53037045802VN63044f52")
	if strings.TrimSpace(got) != `{"bin":"970403","account":"9704031101234567","service":"QRIBFTTC","dynamic":false,"amount":null,"bill":null,"memo":null}` {
		t.Errorf("read as %s", got)
	}
	cut := mustRun(t, "vietqr", "--bin", "970403", "--account", "0011 0123 4567 8901 2345 6789", "--memo", "gửi xe tháng mười hai năm nay và sau")
	got = mustRun(t, "vietqr", "--decode", strings.TrimSpace(cut))
	if !strings.Contains(got, `"account":"0011012345678901234"`) || !strings.Contains(got, `"memo":"gui xe thang muoi hai nam"`) {
		t.Errorf("a long account and purpose read as %s", got)
	}
}

// An independent reader finds in the picture what was printed.
func TestVietQRPicture(t *testing.T) {
	t.Parallel()
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing; install the package zbar-tools (the task that runs all tests does)")
	}
	path := filepath.Join(t.TempDir(), "code.png")
	want := strings.TrimSpace(mustRun(t, "vietqr", "--bin", "970423", "--account", "0123456789", "--amount", "74000",
		"--memo", "gui xe 51F12345", "--png", path))
	got, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(got)) != want {
		t.Errorf("drawn %s, read %s", want, got)
	}
	_, err = run(t, "vietqr", "--bin", "970423", "--account", "1", "--png", filepath.Join(t.TempDir(), "no", "folder.png"))
	var exit *quote.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("a picture that cannot be written: %v", err)
	}
}
