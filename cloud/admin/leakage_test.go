package admin_test

import (
	"crypto/md5" //nolint:gosec // what the database has, and no secret
	"encoding/binary"
	"encoding/csv"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// outOfTheSample is the id of a stay that is none of the one in fifty which a
// spot check takes by their ids: what it lists is then known.
func outOfTheSample() uuid.UUID {
	for {
		id := uuid.New()
		sum := md5.Sum([]byte(id.String()))
		if binary.BigEndian.Uint32(sum[:4])%50 != 0 {
			return id
		}
	}
}

// tricks is a morning at gate N: Minh tries everything, and at gate S Lan does
// her work. It returns the stay that was taken for another.
func (o *office) tricks() (picked uuid.UUID) {
	o.t.Helper()
	o.Ground()
	o.Exec("UPDATE sites SET bank_account = '0011001234567' WHERE id = $1", o.ID)
	n, s := o.Gate("N", at.Add(-time.Second)), o.Gate("S", at.Add(-time.Second))
	photo := func(role string, shade uint8) []parking.PhotoRef {
		return []parking.PhotoRef{o.picture(role, shade, true)}
	}
	clock := at.Add(-6 * time.Hour)
	tick := func(d time.Duration) time.Time { clock = clock.Add(d); return clock }
	n.Fact("started", tick(0), "", parking.Started{Version: "test", Machine: "n"})
	s.Fact("started", clock, "", parking.Started{Version: "test", Machine: "s"})
	in := func(g factor, actor, plate string, shade uint8) uuid.UUID {
		stay := outOfTheSample()
		p, err := parking.ParsePlate(plate)
		if err != nil {
			o.t.Fatal(err)
		}
		g.Fact("vehicle_in", tick(time.Minute), actor, parking.VehicleIn{
			Stay: stay, Lane: "1", Class: parking.Car, Plate: p, Display: plate, Zone: "N", Tariff: "default", TariffV: 1, Photos: photo("plate", shade),
		})
		g.Fact("lane_passage", clock.Add(4*time.Second), "lane:1", parking.LanePassage{Lane: "1", Source: "loop", Stay: &stay})
		return stay
	}
	out := func(g factor, actor string, b parking.VehicleOut, fee parking.Money, shade uint8) {
		b.Lane, b.Class, b.Photos = "2", parking.Car, photo("plate", shade)
		b.Charge.Fee, b.Charge.Due, b.Charge.Currency, b.Charge.In, b.Charge.Out = fee, fee, "VND", clock.Add(-time.Hour), clock
		if b.Charge.Lines == nil {
			b.Charge.Lines = []parking.Line{{Code: parking.LineBlockFirst, Amount: fee, Text: parking.Text{En: "First hour", Vi: "Giờ đầu"}}}
		}
		g.Fact("vehicle_out", tick(time.Minute), actor, b)
		g.Fact("lane_passage", clock.Add(4*time.Second), "lane:2", parking.LanePassage{Lane: "2", Source: "loop", Stay: &b.Stay})
	}
	paid := func(g factor, actor string, stay uuid.UUID, method parking.Method, sum parking.Money) {
		p := parking.PaymentTaken{Payment: uuid.New(), Stay: stay, Method: method, Amount: sum, Currency: "VND"}
		if method == parking.Manual {
			p.ByHand = &parking.ByHand{PayerBank: "Vietcombank", At: clock}
		}
		g.Fact("payment_taken", clock, actor, p)
	}
	for i, plate := range []string{"30A-111.11", "30A-222.22", "30A-333.33"} {
		stay := in(s, "lan", plate, uint8(40+i))
		paid(s, "lan", stay, parking.Cash, 5000)
		out(s, "lan", parking.VehicleOut{Stay: stay}, 5000, uint8(40+i))
	}
	dear, cheap := in(n, "minh", "51F-100.01", 20), in(n, "minh", "51F-100.07", 200)
	paid(n, "minh", cheap, parking.Cash, 5000)
	out(n, "minh", parking.VehicleOut{Stay: cheap, Plate: "51F10001", Display: "51F-100.01", Candidates: []parking.Candidate{
		{Stay: dear, Plate: "51F10001", Fee: 50000}, {Stay: cheap, Plate: "51F10007", Distance: 1, Fee: 5000},
	}}, 5000, 22)
	fake := in(n, "minh", "51F-200.02", 80)
	paid(n, "minh", fake, parking.Manual, 20000)
	out(n, "minh", parking.VehicleOut{Stay: fake}, 20000, 80)
	owing := in(n, "minh", "51F-300.03", 90)
	n.Fact("plate_corrected", tick(time.Minute), "minh", parking.PlateCorrected{Stay: owing, Plate: "51F30008", Display: "51F-300.08", Was: "51F30003", Reason: "đọc sai"})
	out(n, "minh", parking.VehicleOut{Stay: owing}, 8000, 90)
	void := in(n, "minh", "51F-400.04", 100)
	n.Fact("stay_voided", tick(time.Minute), "minh", parking.StayVoided{Stay: void, Reason: "thử <máy>"})
	for range 2 {
		n.Fact("barrier_opened", tick(time.Minute), "minh", parking.BarrierOpened{Lane: "1", Cause: "by_hand", Reason: "xe cứu thương"})
		n.Fact("lane_passage", clock.Add(3*time.Second), "lane:1", parking.LanePassage{Lane: "1", Source: "loop", Photos: photo("overview", 120)})
	}
	walk := uuid.New()
	n.Fact("inventory_taken", tick(time.Minute), "minh", parking.InventoryTaken{Walk: walk, Zone: "N", Found: []parking.FoundInventory{{Plate: "99A00011", Class: parking.Car}}})
	n.Fact("vehicle_in", clock, "minh", parking.VehicleIn{Stay: uuid.New(), Lane: "1", Class: parking.Car, Plate: "99A00011", Display: "99A-000.11", Zone: "N", Tariff: "default", TariffV: 1, Walk: &walk})
	back := n.Next(tick(40*time.Minute), n.Seq()-3)
	back.Fact("alive", tick(time.Minute), "", struct{}{})
	door := &ingest.Ingester{Store: o.Store, Log: slog.New(slog.DiscardHandler)}
	for _, g := range []interface{ Batches() [][]byte }{n, s, back} {
		for _, batch := range g.Batches() {
			code := "N"
			if g == any(s) {
				code = "S"
			}
			if _, err := door.Ingest(o.t.Context(), ingest.Source{Site: o.ID, Gate: code}, batch, at); err != nil {
				o.t.Fatal(err)
			}
		}
	}
	return cheap
}

// factor is a gate that writes facts.
type factor interface {
	Fact(kind parking.Kind, at time.Time, actor string, body any)
}

var leakLink = regexp.MustCompile(`href="(/leakage/[^"]+)"`)

func TestWhatShowsTheftIsOneClickFromItsStays(t *testing.T) {
	t.Parallel()
	o := open(t)
	picked := o.tricks()
	o.now = at.Add(30 * time.Hour) // the transfer had a day to be told of
	b := o.signedIn()
	vi := func(key string, args ...any) string { return words.T(words.Vi, key, args...) }
	status, page := o.get(b, "/leakage?from=2026-11-22&to=2026-11-22")
	wellFormed(t, "/leakage", page)
	for _, want := range []string{vi("leakage.branch.gate_rolled_back"), "45.000", "20.000", "Đỗ Văn Minh", "Nguyễn Thị Lan"} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%d, without %q", status, want)
		}
	}
	links := map[string]bool{}
	for _, m := range leakLink.FindAllStringSubmatch(page, -1) {
		links[strings.ReplaceAll(m[1], "&amp;", "&")] = true
	}
	seen := map[string]bool{}
	for link := range links {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if u.Query().Get("actor") == "lan" {
			t.Errorf("the honest guard has a figure: %s", link)
		}
		seen[u.Query().Get("what")] = true
		status, list := o.get(b, link)
		if u.Path == "/leakage/list" {
			wellFormed(t, link, list)
		}
		if status != http.StatusOK || strings.Contains(list, vi("leakage.none")) {
			t.Errorf("%s: %d, or nothing behind the figure", link, status)
		}
	}
	for _, what := range []string{"by_hand", "pick", "unproven", "void", "correction", "passage", "unseen", "without_stay"} {
		if !seen[what] {
			t.Errorf("no figure leads to %s", what)
		}
	}
	if _, list := o.get(b, "/leakage/list?what=pick&from=2026-11-22&to=2026-11-22"); !strings.Contains(list, "/stays/"+picked.String()) || !strings.Contains(list, "50.000") {
		t.Error("the pick does not lead to its stay")
	}
	if _, list := o.get(b, "/leakage/list?what=void&from=2026-11-22&to=2026-11-22"); !strings.Contains(list, "thử &lt;máy&gt;") {
		t.Error("the reason of a void is not there, or not escaped")
	}
	_, text := o.get(b, "/leakage/marks.csv?from=2026-11-22&to=2026-11-22")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 7 { // a head, a pick, unproven, correction, void, two openings
		t.Errorf("CSV: %v, %d rows\n%s", err, len(rows), text)
	}
	for path, want := range map[string]int{
		"/leakage?from=x": http.StatusBadRequest, "/leakage?from=2026-01-01&to=2026-11-22": http.StatusBadRequest, "/leakage/list?what=x": http.StatusBadRequest,
		"/leakage/list": http.StatusBadRequest, "/spot-check?from=2026-01-01&to=2026-11-22": http.StatusBadRequest, "/reconciliation?day=x": http.StatusBadRequest,
		"/reconciliation/day.pdf?day=x": http.StatusBadRequest, "/leakage/marks.csv?from=x": http.StatusBadRequest,
	} {
		if status, _ := o.get(b, path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
}

func TestASpotCheckIsKeptAndSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := open(t)
	picked := o.tricks()
	b := o.signedIn()
	vi := func(key string, args ...any) string { return words.T(words.Vi, key, args...) }
	const period = "from=2026-11-22&to=2026-11-22"
	status, page := o.get(b, "/spot-check?"+period)
	wellFormed(t, "/spot-check", page)
	if status != http.StatusOK || strings.Count(page, "<figure>") != 2 || !strings.Contains(page, vi("spot.progress", "0", "4", "0")) {
		t.Fatalf("%d %s", status, page)
	}
	path := "/spot-check/" + picked.String()
	form := url.Values{"from": {"2026-11-22"}, "to": {"2026-11-22"}, "verdict": {"wrong"}}
	if status, _ := o.post(b, path, form); status != http.StatusSeeOther {
		t.Fatalf("answer: %d", status)
	}
	if _, page := o.get(b, "/spot-check?"+period); !strings.Contains(page, vi("spot.progress", "1", "4", "1")) || strings.Contains(page, `action="`+path+`"`) {
		t.Error("the answer is not counted, or the same stay is asked for again")
	}
	if _, page := o.get(b, "/leakage/list?what=wrong&"+period); !strings.Contains(page, picked.String()) {
		t.Error("what is wrong is not among what shows theft")
	}
	form.Set("verdict", "right")
	if status, _ := o.post(b, path, form); status != http.StatusSeeOther {
		t.Error("it cannot be answered again")
	}
	if _, page := o.get(b, "/leakage/list?what=wrong&"+period); strings.Contains(page, picked.String()) {
		t.Error("the last word does not count")
	}
	for name, c := range map[string]struct {
		path, verdict string
		status        int
	}{
		"no verdict":   {path, "maybe", http.StatusUnprocessableEntity},
		"no such stay": {"/spot-check/" + uuid.NewString(), "right", http.StatusNotFound},
		"no id":        {"/spot-check/x", "right", http.StatusNotFound},
	} {
		form.Set("verdict", c.verdict)
		if status, _ := o.post(b, c.path, form); status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
	}
	var log int
	if err := o.Store.Pool.QueryRow(t.Context(), "SELECT count(*) FROM audit_log WHERE site_id = $1 AND action = 'spot.checked'", o.ID).Scan(&log); err != nil || log != 2 {
		t.Errorf("%d entries of the audit log, %v", log, err)
	}
}

func TestTheReconciliationOfADay(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.tricks()
	o.transferred(`"transferAmount":900000,"content":"tien dien"`)
	b := o.signedIn()
	vi := func(key string, args ...any) string { return words.T(words.Vi, key, args...) }
	status, page := o.get(b, "/reconciliation?day=2026-11-22")
	wellFormed(t, "/reconciliation", page)
	for _, want := range []string{
		vi("reconciliation.balanced"), vi("reconciliation.diff.by_hand_waits"), vi("reconciliation.diff.owing"), vi("transfers.why.unknown_reference"),
		"900.000", "Đỗ Văn Minh",
	} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%d, without %q", status, want)
		}
	}
	_, revenue := o.get(b, "/revenue?from=2026-11-22&to=2026-11-22")
	if !strings.Contains(revenue, "/reconciliation?day=2026-11-22") || !strings.Contains(revenue, "40.000") || !strings.Contains(page, "40.000") {
		t.Error("the page of revenue does not lead here, or says another sum")
	}
	status, pdf := o.get(b, "/reconciliation/day.pdf?day=2026-11-22")
	if status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF") {
		t.Fatalf("PDF: %d", status)
	}
	folder := t.TempDir()
	if kept := os.Getenv(screensVariable); kept != "" {
		folder = kept
	}
	file := filepath.Join(folder, "day.pdf")
	if err := os.WriteFile(file, []byte(pdf), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Đối soát ngày", "Xe ra mà chưa trả đủ", "Các tổng khớp nhau", "40.000", "Nguyễn Thị Lan"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the PDF does not say %q:\n%s", want, text)
		}
	}
}

// TestWhatShowsTheftFitsItsScreen opens the pages on a desk and on a phone.
func TestWhatShowsTheftFitsItsScreen(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.tricks()
	o.transferred(`"transferAmount":900000,"content":"tien dien"`)
	ctx, heard := o.chromium()
	for _, s := range []screen{{"desk", 1280, 860, "light"}, {"phone", 360, 780, "light"}, {"phone", 360, 780, "dark"}} {
		run(ctx, o, s.use())
		for name, path := range map[string]string{
			"leakage": "/leakage", "leakage_picks": "/leakage/list?what=pick", "leakage_passages": "/leakage/list?what=passage",
			"spot": "/spot-check", "reconciliation": "/reconciliation", "discounts": "/discounts",
		} {
			run(ctx, o, chromedp.Navigate(o.URL+path))
			if wide := run(ctx, o, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > s.width {
				t.Errorf("%s on a %s is %d pixels wide, the screen %d", path, s.name, wide, s.width)
			}
			o.keep(ctx, strings.Join([]string{name, s.name, s.scheme}, "-"))
		}
	}
	run(ctx, o, chromedp.Navigate(o.URL+"/spot-check")) // one key answers
	begun := words.T(words.Vi, "spot.progress", "0", "4", "0")
	for run(ctx, o, chromedp.Evaluate[bool](`document.readyState !== "complete" || document.body.textContent.includes("`+begun+`")`)) {
		run(ctx, o, chromedp.KeyEvent("2"))
	}
	for line := range strings.Lines(heard.String()) {
		if !strings.Contains(line, "icon from the Manifest") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}
