package admin_test

import (
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// wellFormed reads a page as XML, which is stricter than HTML: every element
// that is opened is closed, every attribute has a value in quotes.
func wellFormed(t *testing.T, name, page string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Entity = xml.HTMLEntity
	ids := map[string]bool{}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s is not well-formed: %v", name, err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range e.Attr {
			if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
				t.Errorf("%s: <%s %s> would be refused by the policy", name, e.Name.Local, a.Name.Local)
			}
			if a.Name.Local == "id" {
				if ids[a.Value] {
					t.Errorf("%s: the id %q stands twice", name, a.Value)
				}
				ids[a.Value] = true
			}
		}
	}
}

var paths = []string{
	"/", "/map", "/stays", "/stays?state=inside", "/stays?plate=30A&like=1", "/gates", "/revenue",
	"/revenue?from=2026-11-01&to=2026-11-22", "/stays?paid_from=2026-11-16&paid_to=2026-11-22&method=cash&hour=9",
}

// noKey finds words that the catalogue does not have: a key shows itself.
var noKey = regexp.MustCompile(`>[^<]*\b(page|now|gate|gates|map|stays|stay|revenue|report|signin|error|fact|conflict|payment)\.[a-z_]+[^<]*<`)

func TestEveryPageInBothLanguages(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(*office) []string{
		"empty":  func(*office) []string { return nil },
		"ground": func(o *office) []string { o.Ground(); return nil },
		"busy":   func(o *office) []string { return []string{"/stays/" + o.busyDay().String()} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			more := fill(o)
			for _, lang := range []string{words.Vi, words.En} {
				b := o.signedIn()
				if status, _ := o.post(b, "/language", url.Values{"language": {lang}, "next": {"/map"}}); status != http.StatusSeeOther {
					t.Fatalf("switch to %s: %d", lang, status)
				}
				for _, path := range append(more, paths...) {
					status, body, header := o.do(b, http.MethodGet, path, nil, nil)
					if status != http.StatusOK {
						t.Errorf("%s %s: %d", lang, path, status)
						continue
					}
					wellFormed(t, path, body)
					if !strings.Contains(body, `<html lang="`+lang+`">`) {
						t.Errorf("%s is not in %s", path, lang)
					}
					if missing := noKey.FindString(body); missing != "" {
						t.Errorf("%s %s has a text without words: %s", lang, path, missing)
					}
					csp := header.Get("Content-Security-Policy")
					if !strings.Contains(csp, "script-src 'self'") || strings.Contains(csp, "unsafe") {
						t.Errorf("%s: policy %q", path, csp)
					}
				}
			}
			if log := o.log.String(); log != "" {
				t.Errorf("the log has: %s", log)
			}
		})
	}
}

func TestEmptySiteSaysWhatToDo(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.signedIn()
	for path, key := range map[string]string{
		"/": "now.zones_none", "/map": "map.none", "/stays": "stays.none", "/stays?plate=30A": "stays.none_found",
		"/gates": "now.gates_none", "/revenue": "revenue.none",
	} {
		if _, body := o.get(b, path); !strings.Contains(body, words.T(words.Vi, key)) {
			t.Errorf("%s does not say %q", path, words.T(words.Vi, key))
		}
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	const hostile = `<script>alert("x")</script>'&`
	stay := o.In(at.Add(-time.Hour), "N", "lan", "N03", hostile, parking.Car)
	o.Pay(stay, at.Add(-time.Minute), "N", hostile, parking.Cash, 5000)
	o.Save()
	o.Exec(`UPDATE gates SET name = $2 WHERE site_id = $1`, o.ID, hostile)
	o.Exec(`UPDATE zones SET name = $2 WHERE site_id = $1`, o.ID, hostile)
	o.Exec(`UPDATE sites SET name = $2 WHERE id = $1`, o.ID, hostile)
	b := o.signedIn()
	for _, path := range append([]string{"/stays/" + stay.String(), "/stays?plate=" + url.QueryEscape(hostile), "/login?site=" + url.QueryEscape(hostile)}, paths...) {
		_, body := o.get(b, path)
		wellFormed(t, path, body)
		if strings.Contains(body, "<script>alert") {
			t.Errorf("%s carries the script", path)
		}
	}
}

func TestStayShowsEverything(t *testing.T) {
	t.Parallel()
	o := open(t)
	id := o.busyDay().String()
	b := o.signedIn()
	_, body := o.get(b, "/stays/"+id)
	for _, want := range []string{
		"29A-456.78", "17.000", "60 phút đầu", "Nguyễn Thị Lan", "Đỗ Văn Minh", "Xe ra, phí", "tiền mặt", "S14",
		"4 giờ 30 phút", "Phí thu khác bảng giá",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the stay does not show %q", want)
		}
	}
	photos := regexp.MustCompile(`<img src="(/photos/[0-9a-f]{64})"`).FindAllStringSubmatch(body, -1)
	if len(photos) != 2 {
		t.Fatalf("%d photos, want those of IN and OUT", len(photos))
	}
	status, jpeg, header := o.do(b, http.MethodGet, photos[0][1], nil, nil)
	if status != http.StatusOK || header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(jpeg, "\xff\xd8") ||
		!strings.HasPrefix(header.Get("Cache-Control"), "private") {
		t.Errorf("photo: %d %v", status, header)
	}
	if status, _ := o.get(b, "/photos/"+strings.Repeat("0", 64)); status != http.StatusNotFound {
		t.Errorf("a photo that the site does not have: %d", status)
	}
	if status, _ := o.get(o.browser(), photos[0][1]); status != http.StatusSeeOther {
		t.Errorf("a photo without a session: %d", status)
	}
	_, sheet, _ := o.do(b, http.MethodGet, "/stays/"+id, nil, http.Header{"Hx-Request": {"true"}})
	if strings.Contains(sheet, "<html") || !strings.Contains(sheet, "29A-456.78") {
		t.Error("htmx is not given the sheet alone")
	}
}

func TestRefusalsArePages(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.signedIn()
	for path, want := range map[string]int{
		"/no-such-page": 404, "/stays/9b2f6a4e-0000-4000-8000-000000000000": 404, "/stays/x": 404,
		"/stays?plate=" + url.QueryEscape(strings.Repeat("?", 50)): 400, "/stays?from=2026-02-30": 400, "/stays?older=x": 400,
		"/stays?hour=24": 400, "/revenue?from=2026-11-22&to=2026-11-01": 400, "/revenue?from=1990-01-01&to=2026-01-01": 400,
		"/revenue/cash-up.pdf?from=x": 400,
	} {
		status, body := o.get(b, path)
		if status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
		wellFormed(t, path, body)
		if !strings.Contains(body, `class="wrong"`) {
			t.Errorf("%s has no sentence: %s", path, body)
		}
	}
	if status, body := o.post(b, "/gates/QQ/code", url.Values{}); status != http.StatusNotFound || !strings.Contains(body, "<h1>") {
		t.Errorf("a code for a gate that does not exist: %d", status)
	}
}

func TestRevenueCashUpAndStaysAgree(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.busyDay()
	b := o.signedIn()
	_, page := o.get(b, "/revenue?from=2026-11-16&to=2026-11-22")
	total := regexp.MustCompile(`<p class="figure"><a href="([^"]+)">([^<]+)</a>`).FindStringSubmatch(page)
	if total == nil {
		t.Fatal("the page has no total")
	}
	_, file := o.get(b, "/revenue/payments.csv?from=2026-11-16&to=2026-11-22")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var sum parking.Money
	for _, row := range rows[1:] {
		var amount parking.Money
		for _, digit := range row[8] {
			amount = amount*10 + parking.Money(digit-'0')
		}
		sum += amount
	}
	if want := sum.Format("VND", "vi"); total[2] != want || sum == 0 {
		t.Errorf("Revenue says %q, the payments come to %q", total[2], want)
	}
	// Every figure leads to stays that come to it.
	links := regexp.MustCompile(`<td class="num"><a href="(/stays[^"]+)">([^<]+)</a>`).FindAllStringSubmatch(page, -1)
	if len(links) < 20 {
		t.Fatalf("%d figures with stays behind them", len(links))
	}
	for _, link := range append(links, total) {
		_, stays := o.get(b, strings.ReplaceAll(link[1], "&amp;", "&"))
		if !strings.Contains(stays, "<b>"+link[2]+" ") {
			t.Errorf("%s does not come to %s", link[1], link[2])
		}
	}
	status, pdf, header := o.do(b, http.MethodGet, "/revenue/cash-up.pdf?from=2026-11-16&to=2026-11-22", nil, nil)
	if status != http.StatusOK || !strings.HasPrefix(pdf, "%PDF-") || header.Get("Content-Type") != "application/pdf" {
		t.Errorf("PDF: %d %v", status, header)
	}
}

func TestCSVHoldsNoFormula(t *testing.T) {
	t.Parallel()
	o := open(t)
	stay := o.In(at.Add(-time.Hour), "N", "lan", "M", "=1+1", parking.Car)
	o.Pay(stay, at, "N", "lan", parking.Cash, 5000)
	o.Save()
	if _, file := o.get(o.signedIn(), "/revenue/payments.csv"); !strings.Contains(file, ",'=1+1,") {
		t.Errorf("a plate like a formula: %s", file)
	}
}

func TestGateCodeIsShownOnceAndRevokeIsConfirmed(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	o.Heard("N", at, 10, 0)
	b := o.signedIn()
	status, body, header := o.do(b, http.MethodPost, "/gates/S/code", url.Values{}, nil)
	code := regexp.MustCompile(`<p class="secret"><code>([A-Z0-9-]{14})</code>`).FindStringSubmatch(body)
	if status != http.StatusOK || code == nil || !strings.Contains(header.Get("Cache-Control"), "no-store") {
		t.Fatalf("code: %d %v %s", status, header, body)
	}
	wellFormed(t, "code", body)
	if _, list := o.get(b, "/gates"); strings.Contains(list, code[1]) || !strings.Contains(list, words.T(words.Vi, "gate.awaited")) {
		t.Error("the list shows the code, or not that one waits")
	}
	if status, body := o.post(b, "/gates/N/revoke", url.Values{"code": {"S"}}); status != http.StatusUnprocessableEntity ||
		!strings.Contains(body, words.T(words.Vi, "gates.revoke_differs", "N")) {
		t.Errorf("another gate's code confirms: %d", status)
	}
	if status, _ := o.post(b, "/gates/N/revoke", url.Values{"code": {"N"}}); status != http.StatusSeeOther {
		t.Errorf("revoke: %d", status)
	}
	if _, list := o.get(b, "/gates?revoked=N"); !strings.Contains(list, words.T(words.Vi, "gates.revoked_done", "N")) {
		t.Error("the page does not say that the gate was revoked")
	}
}

func TestRoutesOfPagesAreForAdministrators(t *testing.T) {
	t.Parallel()
	for _, r := range auth.Routes {
		public := r.Pattern == "/login" || r.Pattern == "/language" || r.Pattern == "/static/*"
		if r.Page && r.Pattern != "/logout" && (r.Who == auth.Admins) == public {
			t.Errorf("%s: who is %b", r.Key(), r.Who)
		}
	}
}
