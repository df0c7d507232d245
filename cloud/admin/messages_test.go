package admin_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/passes"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

var messageField = regexp.MustCompile(`name="id" value="([0-9a-f-]{36})"`)

// listed are the messages on the lists that gates fetch after a mark.
func (o *office) listed(after wire.ListMark) (out []parking.MessageVersion, mark wire.ListMark) {
	o.t.Helper()
	page, err := o.Store.Lists(o.t.Context(), o.ID, after, o.now)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, v := range page.Versions {
		body, err := parking.DecodeBody(parking.Fact{Kind: v.Kind, Body: v.Body})
		if err != nil {
			o.t.Fatal(err)
		}
		if m, is := body.(*parking.MessageVersion); is {
			out = append(out, *m)
		}
	}
	return out, page.Next
}

// A message is written by a form, sent twice it is one; gates fetch it; who reads
// it where is shown, the first of each gate, however its facts came; withdrawn it
// is told to the gates, and can be no more withdrawn.
func TestMessagesByForms(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	b := o.signedIn()
	_, page := o.get(b, "/gates")
	if !strings.Contains(page, `href="/messages"`) {
		t.Error("no page leads to the messages")
	}
	_, page = o.get(b, "/messages")
	wellFormed(t, "/messages", page)
	id := messageField.FindStringSubmatch(page)[1]
	form := url.Values{"id": {id}, "text": {"Cổng Nam đóng lúc 22 giờ.\r\nXe đạp <b> đi cổng Bắc."}, "gate": {"S", "N"}, "until": {"2026-11-22T18:00"}}
	for field, bad := range map[string][3]string{
		"text":  {" ", "Tin nhắn phải có nội dung.", ""},
		"gate":  {"Q", "Bãi này không có cổng Q.", "Cổng Nam"},
		"until": {"2026-11-22T07:00", "đã qua", "Cổng Nam"},
	} {
		wrong := url.Values{}
		for k, v := range form {
			wrong[k] = v
		}
		wrong.Set(field, bad[0])
		if status, page := o.post(b, "/messages", wrong); status != http.StatusUnprocessableEntity || !strings.Contains(page, bad[1]) || !strings.Contains(page, bad[2]) {
			t.Errorf("%s: %d, wants %q", field, status, bad[1])
		}
	}
	wrong := url.Values{"id": {id}, "text": {"a"}, "until": {"tomorrow"}}
	if status, page := o.post(b, "/messages", wrong); status != http.StatusUnprocessableEntity || !strings.Contains(page, "2027-01-31T18:30") {
		t.Errorf("an end that is none: %d", status)
	}
	for range 2 {
		if status, page := o.post(b, "/messages", form); status != http.StatusSeeOther {
			t.Fatalf("sent: %d %s", status, page)
		}
	}
	other := url.Values{"id": {id}, "text": {"something else"}}
	if status, page := o.post(b, "/messages", other); status != http.StatusConflict || !strings.Contains(page, "đã được gửi") || !strings.Contains(page, "something else") {
		t.Errorf("another under the same id: %d", status)
	}
	told, mark := o.listed(wire.ListMark{})
	if len(told) != 1 || told[0].Message.String() != id || told[0].By != "quynh" || !slices.Equal(told[0].Gates, []string{"N", "S"}) ||
		told[0].Text != "Cổng Nam đóng lúc 22 giờ.\nXe đạp <b> đi cổng Bắc." || !told[0].Until.Equal(time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)) {
		t.Fatalf("gates are told %+v", told)
	}
	_, page = o.get(b, "/messages")
	wellFormed(t, "/messages", page)
	for _, want := range []string{"Cổng Nam đóng", "&lt;b&gt;", "N, S", vi("messages.is.shown"), vi("messages.withdraw")} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	read := func(gate, actor string, minutes int) {
		o.Tell(uuid.Nil, gate, actor, at.Add(time.Duration(minutes)*time.Minute), parking.KindMessageRead, parking.MessageRead{Message: told[0].Message})
	}
	read("N", "minh", 9) // the later comes first
	read("N", "lan", 3)
	o.Save()
	o.now = at.Add(10 * time.Minute)
	_, page = o.get(b, "/messages")
	if !strings.Contains(page, vi("messages.read_one", "N", "lan", "14:35")) || strings.Contains(page, "minh") {
		t.Errorf("who has read it:\n%s", page)
	}
	for range 2 {
		if status, _ := o.post(b, "/messages/"+id, nil); status != http.StatusSeeOther {
			t.Errorf("withdrawn: %d", status)
		}
	}
	told, _ = o.listed(mark)
	all, _ := o.listed(wire.ListMark{})
	if len(told) != 1 || !told[0].Withdrawn || len(all) != 1 || !all[0].Withdrawn {
		t.Errorf("gates are told %+v, new ones %+v", told, all)
	}
	if _, page = o.get(b, "/messages"); !strings.Contains(page, vi("messages.is.withdrawn")) || strings.Contains(page, `action="/messages/`+id) || !strings.Contains(page, "lan") {
		t.Errorf("withdrawn:\n%s", page)
	}
	for path, want := range map[string]int{"/messages/" + uuid.NewString(): http.StatusNotFound, "/messages/x": http.StatusNotFound} {
		if status, _ := o.post(b, path, nil); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if n := o.audited("message.sent", id) + 10*o.audited("message.withdrawn", id); n != 11 {
		t.Errorf("the audit log: %d", n)
	}
}

// audited counts the entries of the audit log.
func (o *office) audited(action, subject string) (n int) {
	o.t.Helper()
	const count = "SELECT count(*) FROM audit_log WHERE site_id = $1 AND action = $2 AND subject = $3"
	if err := o.Store.Pool.QueryRow(o.t.Context(), count, o.ID, action, subject).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

// Pages of messages follow each other, the newest first.
func TestPagesOfMessages(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	k, me := o.keeper(slog.New(slog.DiscardHandler)), auth.Principal{Tenant: o.Tenant, Site: o.ID, Name: "quynh", Role: auth.RoleAdmin}
	for range 60 {
		if err := k.Tell(t.Context(), me, passes.Message{ID: uuid.New(), Text: o.now.Format(time.TimeOnly)}); err != nil {
			t.Fatal(err)
		}
		o.now = o.now.Add(time.Second)
	}
	b := o.signedIn()
	_, first := o.get(b, "/messages")
	next := regexp.MustCompile(`href="(/messages\?after=[^"]+)"`).FindStringSubmatch(first)
	if next == nil {
		t.Fatal("no second page")
	}
	_, second := o.get(b, next[1])
	if !strings.Contains(first, "07:32:59") || strings.Contains(first, "07:32:09") || !strings.Contains(second, "07:32:09") || strings.Contains(second, "07:32:10") || strings.Contains(second, "rel=\"next\"") {
		t.Error("what is on which page")
	}
}

// TestMessagesFitTheirScreen looks at the page of messages.
func TestMessagesFitTheirScreen(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.busyDay()
	k, me := o.keeper(slog.New(slog.DiscardHandler)), auth.Principal{Tenant: o.Tenant, Site: o.ID, Name: "quynh", Role: auth.RoleAdmin}
	until, read, gone := o.now.Add(3*time.Hour), uuid.New(), uuid.New()
	for _, m := range []passes.Message{
		{ID: read, Text: "Thẻ 0042 báo mất, thu lại nếu thấy."},
		{ID: gone, Text: "Chiều nay có đoàn xe 45 chỗ.", Gates: []string{"S"}},
		{ID: uuid.New(), Text: "Từ 18 giờ cổng Nam đóng để sửa barie, xe ra đi cổng Bắc. Ai hỏi thì chỉ đường, đừng mở tay.\n\nXe máy vẫn đi làn 3 như mọi ngày: https://bai-xe.example/" + strings.Repeat("rat-dai", 12), Gates: []string{"N", "S"}, Until: &until},
	} {
		if err := k.Tell(t.Context(), me, m); err != nil {
			t.Fatal(err)
		}
		o.now = o.now.Add(time.Minute)
	}
	if err := k.Withdraw(t.Context(), me, gone); err != nil {
		t.Fatal(err)
	}
	for _, gate := range []string{"N", "S", "E", "W"} {
		o.Tell(uuid.Nil, gate, "lan", o.now, parking.KindMessageRead, parking.MessageRead{Message: read})
	}
	o.Save()
	ctx, heard := o.chromium()
	for _, s := range []screen{{"desk", 1280, 860, "light"}, {"phone", 360, 780, "dark"}} {
		run(ctx, o, s.use())
		for name, path := range map[string]string{"messages": "/messages", "gates": "/gates"} {
			run(ctx, o, chromedp.Navigate(o.URL+path))
			if wide := run(ctx, o, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > s.width {
				t.Errorf("%s on a %s is %d pixels wide, the screen %d", path, s.name, wide, s.width)
			}
			o.keep(ctx, strings.Join([]string{name, "told", s.name, s.scheme}, "-"))
		}
	}
	for line := range strings.Lines(heard.String()) {
		if !strings.Contains(line, "icon from the Manifest") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}
