package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/words"
)

func TestWhichDiscountsGuardsMayGive(t *testing.T) {
	t.Parallel()
	o := open(t)
	b := o.signedIn()
	vi := func(key string, args ...any) string { return words.T(words.Vi, key, args...) }
	if _, page := o.get(b, "/discounts"); !strings.Contains(page, vi("discounts.none")) {
		t.Error("without a tariff it is not said what to do")
	}
	o.Exec(`INSERT INTO tariffs (tenant_id, site_id, id, version, document, from_at, created_at) VALUES ($1, $2, 'default', 1,
		'{"id": "default", "version": 1, "currency": "VND", "timezone": "Asia/Ho_Chi_Minh", "grace": "0m", "exit_window": "15m", "quote_hold": "10m", "rounding": 1,
		"classes": {"car": {"blocks": {"first": {"length": "60m", "price": 5000}, "then": {"length": "60m", "price": 3000}}}},
		"discounts": {"STAFF": {"percent": 100}, "SHOP1": {"amount": 5000}}}', $3, $3)`, o.Tenant, o.ID, at)
	for name, c := range map[string]struct {
		form   url.Values
		status int
	}{
		"no such code": {url.Values{"code": {"VIP"}, "a_day": {"5"}}, http.StatusUnprocessableEntity},
		"no number":    {url.Values{"code": {"SHOP1"}, "a_day": {"x"}}, http.StatusUnprocessableEntity},
		"too many":     {url.Values{"a_day": {"10001"}}, http.StatusUnprocessableEntity},
	} {
		status, page := o.post(b, "/discounts", c.form)
		if status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
		wellFormed(t, name, page)
	}
	for range 2 { // said twice it is one entry of the log
		if status, page := o.post(b, "/discounts", url.Values{"code": {"SHOP1"}, "a_day": {"5"}}); status != http.StatusSeeOther {
			t.Fatalf("save: %d %s", status, page)
		}
	}
	_, page := o.get(b, "/discounts?done=1")
	wellFormed(t, "/discounts", page)
	if !strings.Contains(page, `value="SHOP1" checked="checked"`) || strings.Contains(page, `value="STAFF" checked`) || !strings.Contains(page, `value="5"`) {
		t.Errorf("what was saved is not shown: %s", page)
	}
	var entries, feed int
	if err := o.Store.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM audit_log WHERE action = 'site.discounts'),
		(SELECT count(*) FROM feed WHERE site_id = $1 AND body -> 'config' -> 'discounts' ->> 'a_day' = '5')`, o.ID).Scan(&entries, &feed); err != nil || entries != 1 || feed != 1 {
		t.Errorf("%d entries of the audit log, the gates were told %d times, %v", entries, feed, err)
	}
}
