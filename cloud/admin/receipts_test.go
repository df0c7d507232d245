package admin_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/report"
	"gatehouse/internal/words"
)

var receiptLink = regexp.MustCompile(`/stays/[0-9a-f-]{36}/receipts/[0-9a-f-]{36}`)

// A receipt stands on the page of its stay with its buyer, opens as PDF, and
// is in the files for e-invoice systems.
func TestReceiptOnItsStayAndInTheInvoices(t *testing.T) {
	t.Parallel()
	o := open(t)
	stay := o.busyDay()
	b := o.signedIn()
	status, page := o.get(b, "/stays/"+stay.String())
	wellFormed(t, "the stay", page)
	link := receiptLink.FindString(page)
	if status != http.StatusOK || link == "" || !strings.Contains(page, "S-2026/41") || !strings.Contains(page, "0300588569") {
		t.Fatalf("%d, no receipt on the page: %s", status, page)
	}
	status, body, header := o.do(b, http.MethodGet, link, nil, nil)
	if status != http.StatusOK || header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(body, "%PDF") {
		t.Errorf("the PDF: %d %v", status, header)
	}
	for _, path := range []string{link[:len(link)-1] + "x", strings.Replace(link, stay.String(), "018f0000-0000-7000-8000-000000000001", 1), "/stays/" + stay.String() + "/receipts/" + stay.String()} {
		if status, _ := o.get(b, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}

	dates := "?from=2026-11-22&to=2026-11-22"
	status, text, header := o.do(b, http.MethodGet, "/revenue/invoices.csv"+dates, nil, nil)
	if status != http.StatusOK || !strings.Contains(header.Get("Content-Disposition"), "invoices-2026-11-22.csv") {
		t.Fatalf("the file: %d %v", status, header)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"series": "S-2026", "number": "41", "issued_at": "2026-11-22T14:03:00+07:00", "paid_at": "2026-11-22T14:01:00+07:00", "seller_name": "Bãi xe Trung Tâm",
		"buyer_name": "Công ty TNHH Đường Sắt", "buyer_tax_code": "0300588569", "lines": "60 phút đầu = 17000", "amount_minor": "17000", "tax_percent": "0",
		"payment_code": "TM", "method": "cash", "plate": "29A-456.78", "gate": "S", "stay": stay.String(), "refunded_minor": "0",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	var doc struct{ Invoices []report.Invoice }
	if status, text := o.get(b, "/revenue/invoices.json"+dates); status != http.StatusOK || json.Unmarshal([]byte(text), &doc) != nil || len(doc.Invoices) != 1 || doc.Invoices[0].Number != 41 {
		t.Errorf("as JSON: %d %s", status, text)
	}
	if status, text := o.get(b, "/revenue/invoices.csv?from=2026-11-21&to=2026-11-21"); status != http.StatusOK || strings.Count(text, "\n") != 1 {
		t.Errorf("a day without receipts: %d %q", status, text)
	}
	if status, _ := o.get(b, "/revenue/invoices.csv?from=2026-11-23&to=2026-11-21"); status != http.StatusBadRequest {
		t.Errorf("a period that ends before it begins: %d", status)
	}
	if _, page := o.get(b, "/revenue"+dates); !strings.Contains(page, "/revenue/invoices.csv?") {
		t.Error("the page of revenue does not lead to the file")
	}
}

// What receipts say is changed on a page, checked, audited, and told to the
// gates in the feed.
func TestReceiptSettings(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	o.Exec("UPDATE sites SET bank_bin = '970436', bank_account = '0011001234567' WHERE id = $1", o.ID)
	b := o.signedIn()
	good := url.Values{
		"operator": {" Công ty Bãi Xe "}, "address": {"1 Tràng Tiền, Hà Nội"}, "tax_code": {"0100109106"}, "tax_percent": {"8"},
		"note": {"Cảm ơn quý khách.\r\nHẹn gặp lại <b>"}, "bank_bin": {"970436"}, "bank_account": {"0011009999999"},
	}
	before := func() int64 {
		n, _, err := o.Auth.VerifyAudit(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	entries := before()
	if status, _, header := o.do(b, http.MethodPost, "/settings", good, nil); status != http.StatusSeeOther || header.Get("Location") != "/settings?done=1" {
		t.Fatalf("saved: %d %v", status, header)
	}
	_, page := o.get(b, "/settings?done=1")
	wellFormed(t, "the settings", page)
	for _, want := range []string{`value="Công ty Bãi Xe"`, "0100109106", "Hẹn gặp lại &lt;b&gt;", "0011009999999", words.T(words.Vi, "settings.done")} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var body []byte
	row := o.Store.Pool.QueryRow(t.Context(), `SELECT body FROM feed WHERE site_id = $1 ORDER BY feed_seq DESC LIMIT 1`, o.ID)
	if err := row.Scan(&body); err != nil || !strings.Contains(string(body), `"tax_code": "0100109106"`) && !strings.Contains(string(body), `"tax_code":"0100109106"`) {
		t.Errorf("the feed: %s, %v", body, err)
	}
	if n := before(); n != entries+1 {
		t.Errorf("%d entries of the audit log, want 1 more than %d", n, entries)
	}
	if status, _, _ := o.do(b, http.MethodPost, "/settings", good, nil); status != http.StatusSeeOther || before() != entries+1 {
		t.Error("what is as before was written again")
	}
	for name, wrong := range map[string]url.Values{
		"a tax code":      {"tax_code": {"0100109107"}},
		"a percentage":    {"tax_percent": {"8.5"}},
		"too much tax":    {"tax_percent": {"101"}},
		"half an account": {"bank_account": {""}},
		"a bank":          {"bank_bin": {"97"}},
		"an account":      {"bank_account": {"0011 0099"}},
		"a long name":     {"operator": {strings.Repeat("Ư", 201)}},
		"a control":       {"address": {"a\u202eb"}},
	} {
		form := url.Values{}
		for key, value := range good {
			form[key] = value
		}
		for key, value := range wrong {
			form[key] = value
		}
		status, page := o.post(b, "/settings", form)
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, `role="alert"`) {
			t.Errorf("%s: %d", name, status)
		}
		wellFormed(t, name, page)
	}
	if n := before(); n != entries+1 {
		t.Error("what was refused is in the audit log")
	}
	s, err := o.Auth.Settings(t.Context(), auth.Principal{Tenant: o.Tenant, Site: o.ID, Name: "quynh"})
	if err != nil || s.Operator != "Công ty Bãi Xe" || s.TaxPercent != 8 || s.ReceiptNote != "Cảm ơn quý khách.\nHẹn gặp lại <b>" {
		t.Errorf("what holds: %+v, %v", s, err)
	}
}
