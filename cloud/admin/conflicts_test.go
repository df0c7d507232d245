package admin_test

import (
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// contradict fills the site, through the door by which facts really come, with
// two cars in one slot, a plate that is inside twice, an exit whose entry is
// not known, money that came twice, and an item that cannot be read.
func (o *office) contradict() {
	o.t.Helper()
	o.Ground()
	g := o.Gate("N", at.Add(-time.Second))
	o.Gate("S", at.Add(-time.Second))
	in := func(ago time.Duration, display, slot, token string) uuid.UUID {
		plate, err := parking.ParsePlate(display)
		if err != nil {
			o.t.Fatal(err)
		}
		stay := uuid.New()
		g.Fact("vehicle_in", at.Add(-ago), "lan", parking.VehicleIn{
			Stay: stay, Lane: "1", Class: parking.Car, Plate: plate, Display: display, Zone: slot[:1], Slot: slot, Token: token,
			Tariff: "default", TariffV: 1, Photos: []parking.PhotoRef{o.picture("plate", uint8(40+len(display)), true)}, //nolint:gosec // a shade
		})
		return stay
	}
	in(4*time.Hour, "30A-123.45", "N01", "C100")
	in(3*time.Hour, "51F-678.90", "N01", "C101")
	in(150*time.Minute, "29A-555.55", "N05", "C102")
	in(2*time.Hour, "29A-555.55", "N06", "C103")
	exit := uuid.New()
	g.Fact("payment_taken", at.Add(-90*time.Minute), "minh", parking.PaymentTaken{
		Payment: uuid.New(), Stay: exit, Method: parking.Cash, Amount: 20000, Currency: "VND",
	})
	g.Fact("vehicle_out", at.Add(-90*time.Minute), "minh", parking.VehicleOut{
		Stay: exit, Unknown: true, Lane: "2", Class: parking.Car, Plate: "51F67898", Display: "51F-678.98",
		Charge: parking.Charge{Fee: 20000, Currency: "VND", In: at.Add(-3 * time.Hour), Out: at.Add(-90 * time.Minute), Tariff: "default", TariffV: 1},
		Photos: []parking.PhotoRef{o.picture("plate", 120, true), o.picture("face", 130, false)},
	})
	stay := in(100*time.Minute, "43A-222.22", "N09", "")
	for range 2 {
		g.Fact("payment_taken", at.Add(-50*time.Minute), "lan", parking.PaymentTaken{
			Payment: uuid.New(), Stay: stay, Method: parking.Cash, Amount: 9000, Currency: "VND",
		})
	}
	g.Fact("vehicle_out", at.Add(-49*time.Minute), "lan", parking.VehicleOut{
		Stay: stay, Lane: "2", Class: parking.Car, Plate: "43A22222", Display: "43A-222.22",
		Charge: parking.Charge{Fee: 9000, Currency: "VND", In: at.Add(-100 * time.Minute), Out: at.Add(-49 * time.Minute), Tariff: "default", TariffV: 1},
	})
	g.Raw([]byte("{\"kind\":\"of_tomorrow\"}\x00\xff<script>alert(1)</script>"))
	door := &ingest.Ingester{Store: o.Store, Log: slog.New(slog.DiscardHandler)}
	if _, err := door.Ingest(o.t.Context(), ingest.Source{Site: o.ID, Gate: "N"}, g.Batch(), at); err != nil {
		o.t.Fatal(err)
	}
}

var conflictLink = regexp.MustCompile(`href="(/conflicts/[0-9a-f]{64})"><b>([^<]+)</b>`)

// paths are the addresses of the conflicts that wait, by kind as it is called.
func (o *office) cases(b *http.Client) map[string]string {
	o.t.Helper()
	_, list := o.get(b, "/conflicts")
	out := map[string]string{}
	for _, link := range conflictLink.FindAllStringSubmatch(list, -1) {
		out[html.UnescapeString(link[2])] = link[1]
	}
	return out
}

// decide posts a form as the page has it.
func (o *office) decide(b *http.Client, path string, more url.Values) (int, string) {
	o.t.Helper()
	_, page := o.get(b, path)
	seen := regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`).FindStringSubmatch(page)
	if seen == nil {
		o.t.Fatalf("%s has no form: %s", path, page)
	}
	more.Set("seen", seen[1])
	return o.post(b, path, more)
}

// The inbox: every conflict with its evidence and its ways; a decision is
// written once, a refused one says why and loses nothing that was typed.
func TestConflictsAreSettledOnPages(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.contradict()
	b := o.signedIn()
	cases := o.cases(b)
	vi := func(key string, args ...any) string { return words.T(words.Vi, key, args...) }
	for _, kind := range []string{"slot_twice", "plate_inside", "exit_unknown", "paid_twice", "unreadable"} {
		path := cases[vi("conflict."+kind)]
		status, page := o.get(b, path)
		if status != http.StatusOK || !strings.Contains(page, html.EscapeString(vi("conflict.about."+kind))) {
			t.Errorf("%s at %q: %d", kind, path, status)
		}
		wellFormed(t, path, page)
	}
	slot := cases[vi("conflict.slot_twice")]
	_, page := o.get(b, slot)
	for _, want := range []string{"30A-123.45", "51F-678.90", "Nguyễn Thị Lan", vi("case.clock.synced"), vi("how.swap"), "/photos/"} {
		if !strings.Contains(page, want) {
			t.Errorf("the evidence does not show %q", want)
		}
	}
	status, page := o.decide(b, slot, url.Values{"how": {"place"}, "slot": {"N05"}, "reason": {"thấy ở đó"}})
	if status != http.StatusConflict || !strings.Contains(page, "N05 đang có xe. Hãy chọn chỗ trống.") || !strings.Contains(page, `value="thấy ở đó"`) {
		t.Errorf("an occupied slot: %d %s", status, page)
	}
	if status, page := o.post(b, slot, url.Values{"how": {"place"}, "slot": {"N07"}, "seen": {"00"}}); status != http.StatusConflict ||
		!strings.Contains(page, "Có sự kiện mới") {
		t.Errorf("seen something else: %d %s", status, page)
	}
	if status, page := o.decide(b, slot, url.Values{"how": {"place"}, "slot": {"N07"}}); status != http.StatusSeeOther {
		t.Fatalf("place: %d %s", status, page)
	}
	if _, page := o.get(b, slot+"?done=1"); !strings.Contains(page, vi("case.done")) || !strings.Contains(page, vi("conflict.settled")) || strings.Contains(page, "<form class=\"fields\"") {
		t.Error("the page does not say that it is settled")
	}
	paid := cases[vi("conflict.paid_twice")]
	_, page = o.get(b, paid)
	choice := regexp.MustCompile(`name="choice" value="([^"]+)"`).FindStringSubmatch(page)
	if choice == nil {
		t.Fatal("no payment to choose")
	}
	if status, page := o.decide(b, paid, url.Values{"how": {"refund"}, "choice": {choice[1]}, "amount": {"9.000"}, "reason": {"trả tại quầy"}}); status != http.StatusSeeOther {
		t.Errorf("refund: %d %s", status, page)
	}
	if left := o.cases(b); len(left) != 3 || left[vi("conflict.plate_inside")] == "" {
		t.Errorf("left: %v", left)
	}
	if _, list := o.get(b, "/conflicts?state=settled"); !strings.Contains(list, vi("conflict.slot_twice")) {
		t.Error("what is settled is not listed")
	}
	for _, path := range []string{"/conflicts?state=x", "/conflicts?kind=x", "/conflicts?older=x"} {
		if status, _ := o.get(b, path); status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := o.get(b, "/conflicts/"+strings.Repeat("0", 64)); status != http.StatusNotFound {
		t.Errorf("a conflict that is not there: %d", status)
	}
}

// What was entered from paper shows the time on the paper as the one at which
// it happened, and when somebody typed it.
func TestPaperShowsBothTimes(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	g := o.Gate("N", at.Add(-time.Second))
	typed := at.Add(-7 * time.Hour)
	g.Fact("vehicle_in", at.Add(-2*time.Hour), "lan", parking.VehicleIn{
		Stay: uuid.New(), Lane: "1", Class: parking.Car, Plate: "30A12345", Display: "30A-123.45", Zone: "N", Slot: "N01", Token: "P-0001",
		Tariff: "default", TariffV: 1, TypedAt: &typed,
	})
	door := &ingest.Ingester{Store: o.Store, Log: slog.New(slog.DiscardHandler)}
	if _, err := door.Ingest(t.Context(), ingest.Source{Site: o.ID, Gate: "N"}, g.Batch(), at); err != nil {
		t.Fatal(err)
	}
	b := o.signedIn()
	_, page := o.get(b, o.cases(b)[words.T(words.Vi, "conflict.paper")])
	clock := func(when time.Time) string { return words.Clock(when.In(time.FixedZone("Vietnam", 7*3600))) }
	for _, want := range []string{
		words.T(words.Vi, "case.happened") + "</dt><dd>22/11/2026 " + clock(typed), words.T(words.Vi, "case.clock.paper"),
		words.T(words.Vi, "case.entered") + "</dt><dd>22/11/2026 " + clock(at.Add(-2*time.Hour)),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the evidence does not show %q", want)
		}
	}
}

// A gate that is not heard may explain what lies after its last fact: that
// waits apart and alarms nobody.
func TestWaitingConflictsAlarmNobody(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.contradict()
	b := o.signedIn()
	o.Exec(`UPDATE gates SET seen_at = $2 WHERE site_id = $1 AND code = 'S'`, o.ID, at.Add(-time.Hour))
	_, now := o.get(b, "/")
	if !strings.Contains(now, words.T(words.Vi, "conflicts.now_waiting", "4")) {
		t.Errorf("Now does not say that four wait: %s", now)
	}
	if left := o.cases(b); len(left) != 1 || left[words.T(words.Vi, "conflict.unreadable")] == "" {
		t.Errorf("alarming: %v", left)
	}
	if _, list := o.get(b, "/conflicts?state=waiting"); strings.Count(list, words.T(words.Vi, "conflicts.waits_for", "S")) != 4 {
		t.Errorf("waiting: %s", list)
	}
}

// What cannot be read is shown as bytes that do nothing, and given up with a
// reason; its conflict is settled with it.
func TestQuarantinePage(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.contradict()
	b := o.signedIn()
	_, page := o.get(b, "/quarantine")
	wellFormed(t, "/quarantine", page)
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "6f 66 5f 74 6f 6d") { // in hex: it is no text
		t.Errorf("quarantine: %s", page)
	}
	form := url.Values{"reason": {" "}}
	for _, field := range regexp.MustCompile(`name="(gate|epoch|seq|sha256)" value="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		form.Set(field[1], field[2])
	}
	if status, page := o.post(b, "/quarantine/discard", form); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Hãy ghi lý do") {
		t.Errorf("without a reason: %d %s", status, page)
	}
	form.Set("reason", "máy thử của hãng")
	if status, page := o.post(b, "/quarantine/discard", form); status != http.StatusSeeOther {
		t.Fatalf("discard: %d %s", status, page)
	}
	if _, page := o.get(b, "/quarantine?done=1"); !strings.Contains(page, words.T(words.Vi, "quarantine.none")) {
		t.Errorf("still there: %s", page)
	}
	if status, _ := o.post(b, "/quarantine/discard", form); status != http.StatusNotFound {
		t.Errorf("twice: %d", status)
	}
	if left := o.cases(b); left[words.T(words.Vi, "conflict.unreadable")] != "" {
		t.Error("its conflict is still open")
	}
	if n, hash, err := o.Auth.VerifyAudit(t.Context(), o.ID); err != nil || n == 0 || len(hash) == 0 {
		t.Errorf("audit: %d %v", n, err)
	}
}

// A slot is taken out of service on the map, by a fact, and put back.
func TestSlotService(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	b := o.signedIn()
	out := func() (is bool) {
		if err := o.Store.Pool.QueryRow(t.Context(), `SELECT out_of_service FROM slots WHERE site_id = $1 AND code = 'N03'`, o.ID).Scan(&is); err != nil {
			t.Fatal(err)
		}
		return is
	}
	if _, page := o.get(b, "/map"); !strings.Contains(page, `href="/map/slots/N03"`) {
		t.Error("the map does not lead to the slot")
	}
	for _, step := range []struct {
		want string
		out  bool
	}{{"1", true}, {"0", false}} {
		_, page := o.get(b, "/map/slots/N03")
		wellFormed(t, "/map/slots/N03", page)
		if !strings.Contains(page, `name="out" value="`+step.want+`"`) {
			t.Errorf("the form: %s", page)
		}
		if status, page := o.post(b, "/map/slots/N03", url.Values{"out": {step.want}, "reason": {"sơn lại"}}); status != http.StatusSeeOther || out() != step.out {
			t.Errorf("out=%s: %d, %v %s", step.want, status, out(), page)
		}
	}
	if status, _ := o.post(b, "/map/slots/Q99", url.Values{"out": {"1"}}); status != http.StatusNotFound {
		t.Errorf("a slot that is not there: %d", status)
	}
}
