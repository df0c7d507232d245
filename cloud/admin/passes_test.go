package admin_test

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/passes"
	"gatehouse/internal/words"
)

func vi(key string, args ...any) string { return words.T(words.Vi, key, args...) }

var seenField = regexp.MustCompile(`name="seen" value="([0-9a-f-]{36})"`)

// A pass is made, renewed, swapped, suspended and resumed by forms; each is
// refused when somebody else was there first, and what was typed stays.
func TestPassesByForms(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	b := o.signedIn()
	form := url.Values{
		"code": {"T-01"}, "plates": {"30A-123.45, 30a 999.99"}, "places": {"1"}, "from": {"2026-11-01"}, "until": {"2026-11-30"}, "name": {"Ông Ba <b>"}, "phone": {"0903"},
	}
	wrong := func(field, value, says string) {
		t.Helper()
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set(field, value)
		if status, page := o.post(b, "/passes", bad); status != http.StatusUnprocessableEntity || !strings.Contains(page, says) || !strings.Contains(page, "0903") {
			t.Errorf("%s %q: %d, wants %q", field, value, status, says)
		}
	}
	wrong("places", "3", "không quá số xe")
	wrong("places", "x", "chữ số")
	wrong("until", "2026-10-01", "trước ngày đầu")
	wrong("from", "hôm qua", "2027-01-31")
	wrong("plates", " , ", "1 đến 200 xe")
	wrong("zone", "Q", "khu Q")
	wrong("code", "a b", "mã vé")
	for range 2 { // sent twice is once
		if status, page := o.post(b, "/passes", form); status != http.StatusSeeOther {
			t.Fatalf("made: %d %s", status, page)
		}
	}
	form.Set("until", "2026-12-31")
	if status, page := o.post(b, "/passes", form); status != http.StatusConflict || !strings.Contains(page, "Đã có vé T-01") {
		t.Errorf("the same code for another: %d", status)
	}
	_, page := o.get(b, "/passes/T-01?done=1")
	wellFormed(t, "/passes/T-01", page)
	for _, want := range []string{"30A-123.45", "30A-999.99", "2026-11-30", "Ông Ba &lt;b&gt;", vi("passes.is.covers"), "Trần Thị Quỳnh"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	act := func(values url.Values, status int, says string) {
		t.Helper()
		_, page := o.get(b, "/passes/T-01")
		if values.Get("seen") == "" {
			values.Set("seen", seenField.FindStringSubmatch(page)[1])
		}
		got, answer := o.post(b, "/passes/T-01", values)
		if got != status {
			t.Fatalf("%v: %d %s", values, got, answer)
		}
		if _, page = o.get(b, "/passes/T-01"); !strings.Contains(page+answer, says) {
			t.Errorf("%v: without %q", values, says)
		}
	}
	old := seenField.FindStringSubmatch(page)[1]
	act(url.Values{"how": {"renew"}, "until": {"2026-12-31"}}, http.StatusSeeOther, "2026-12-31")
	act(url.Values{"how": {"suspend"}, "seen": {old}}, http.StatusConflict, "Có người vừa sửa vé này")
	act(url.Values{"how": {"swap"}, "off": {"30A99999"}, "to": {"51F 1234"}}, http.StatusSeeOther, "51F-1234")
	act(url.Values{"how": {"swap"}, "off": {"30A99999"}, "to": {"51F 1234"}}, http.StatusUnprocessableEntity, "Hãy chọn xe thôi dùng")
	act(url.Values{"how": {"suspend"}}, http.StatusSeeOther, vi("passes.is.suspended"))
	act(url.Values{"how": {"resume"}}, http.StatusSeeOther, vi("passes.is.covers"))
	act(url.Values{"how": {"?"}}, http.StatusUnprocessableEntity, "")
	for find, found := range map[string]bool{"T-01": true, "51f-1234": true, "30A99999": false, "T-02": false} {
		if _, page := o.get(b, "/passes?find="+url.QueryEscape(find)); strings.Contains(page, `href="/passes/T-01"`) != found {
			t.Errorf("looking for %s: found %v", find, !found)
		}
	}
	if status, _ := o.get(b, "/passes/T-02"); status != http.StatusNotFound {
		t.Errorf("no such pass: %d", status)
	}
}

// file posts a file as a browser does.
func (o *office) file(b *http.Client, path, text string) (int, string) {
	o.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("file", "list.csv")
	if err == nil {
		_, err = part.Write([]byte(text))
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		o.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.URL+path, &body)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	res, err := b.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// Files are taken whole or not at all: every bad row is told with its line.
func TestFilesOfCardsAndVehicles(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	b := o.signedIn()
	status, page := o.file(b, "/imports/cards", "number,state\n0001,\n,stock\n0002,broken\n0001,stock\n\"un closed\n")
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("bad rows: %d", status)
	}
	wellFormed(t, "/imports/cards", page)
	for _, want := range []string{"Dòng 3:", "Dòng 4:", "Dòng 5:", "Dòng 6:", vi("lists.bad", "4"), vi("cards.none")} {
		if !strings.Contains(page, want) {
			t.Errorf("without %q", want)
		}
	}
	if status, page = o.file(b, "/imports/cards", "\ufeffNumber;State\r\n0001;\r\n0002;issued\r\n"); status != http.StatusSeeOther {
		t.Fatalf("good rows: %d %s", status, page)
	}
	if status, page = o.post(b, "/cards", url.Values{"number": {"0002"}, "state": {"blocked"}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Hãy ghi lý do.") {
		t.Errorf("blocked without a reason: %d", status)
	}
	if status, _ = o.post(b, "/cards", url.Values{"number": {"0002"}, "state": {"blocked"}, "reason": {"nợ"}}); status != http.StatusSeeOther {
		t.Errorf("blocked: %d", status)
	}
	if status, page = o.file(b, "/imports/cards", "number,state\n0002,stock\n"); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Thẻ 0002 đã có") {
		t.Errorf("a file frees a blocked card: %d", status)
	}
	if _, page = o.get(b, "/cards?state=blocked"); !strings.Contains(page, "0002") || strings.Contains(page, "0001") {
		t.Error("the blocked cards")
	}
	if status, page = o.file(b, "/imports/vehicles", "plate,note,blocked\n30A-123.45,nợ,yes\n51F 1234,khách quen,no\n"); status != http.StatusSeeOther {
		t.Fatalf("vehicles: %d %s", status, page)
	}
	if _, page = o.get(b, "/vehicles"); !strings.Contains(page, "khách quen") || !strings.Contains(page, vi("vehicles.blocked")) {
		t.Error("the list of vehicles")
	}
	if status, page = o.post(b, "/vehicles", url.Values{"plate": {"29B1 5555"}, "blocked": {"1"}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "29B1 5555") {
		t.Errorf("blocked without a note: %d", status)
	}
	if status, _ = o.post(b, "/vehicles", url.Values{"plate": {"30A12345"}}); status != http.StatusSeeOther {
		t.Errorf("off the list: %d", status)
	}
	if _, page = o.get(b, "/vehicles"); strings.Contains(page, "30A-123.45") {
		t.Error("it is still listed")
	}
	if status, page = o.file(b, "/imports/passes", "code,plates,from,until,places,name\nA,30A12345|30A12346,2026-11-01,2026-11-30,2,Ông Ba\nB,30A12347,2026-11-01,2026-12-31,,\n"); status != http.StatusSeeOther {
		t.Fatalf("passes: %d %s", status, page)
	}
	for path, want := range map[string]int{"/imports/nothing": http.StatusNotFound, "/imports/passes": http.StatusUnprocessableEntity} {
		if status, _ := o.file(b, path, "nothing"); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestListsFitTheirScreen looks at the pages of passes, cards and vehicles.
func TestListsFitTheirScreen(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.busyDay()
	k, me := o.keeper(slog.New(slog.DiscardHandler)), auth.Principal{Tenant: o.Tenant, Site: o.ID, Name: "quynh", Role: auth.RoleAdmin}
	for what, file := range map[string]string{
		"passes":   "code,plates,from,until,places,name,phone\nT-0001,30A-123.45|51F-678.90|29B1-456.78,2026-11-01,2026-11-30,2,Nguyễn Thị Thu Hà,0903 123 456\nT-0002,30A-555.55,2026-12-01,2026-12-31,1,Công ty TNHH Vận tải Hoàng Long,\nT-0003,30A-666.66,2026-09-01,2026-10-31,1,,\n",
		"cards":    "number,state\n0004512345,stock\n0004512346,issued\n0004512347,blocked\n0004512348,lost\n",
		"vehicles": "plate,note,blocked\n30A-777.77,Nợ 200.000 đồng từ tháng trước; gọi quản lý,yes\n51F-888.88,Khách của chủ bãi,no\n",
	} {
		if _, err := k.Import(t.Context(), me, what, []byte(file)); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.SetCard(t.Context(), me, "0004512349", passes.Stock, ""); err != nil {
		t.Fatal(err)
	}
	ctx, heard := o.chromium()
	for _, s := range []screen{{"desk", 1280, 860, "light"}, {"phone", 360, 780, "dark"}} {
		run(ctx, o, s.use())
		for name, path := range map[string]string{"passes": "/passes", "pass": "/passes/T-0001", "cards": "/cards", "vehicles": "/vehicles", "vehicles-found": "/vehicles?plate=30A"} {
			run(ctx, o, chromedp.Navigate(o.URL+path))
			run(ctx, o, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(function (d) { if (!d.closest("header")) { d.open = true } }), true`))
			if wide := run(ctx, o, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > s.width {
				t.Errorf("%s on a %s is %d pixels wide, the screen %d", path, s.name, wide, s.width)
			}
			o.keep(ctx, strings.Join([]string{name, s.name, s.scheme}, "-"))
		}
	}
	for line := range strings.Lines(heard.String()) {
		if !strings.Contains(line, "icon from the Manifest") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}
