package admin_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/admin"
	"gatehouse/cloud/auth"
	"gatehouse/cloud/books"
	"gatehouse/cloud/books/bookstest"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/passes"
	"gatehouse/cloud/settle"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest"
	"gatehouse/parking"
)

const password = "một con vịt xoè ra hai cái cánh"

// office is the admin site over a real database, served on loopback.
type office struct {
	*bookstest.Site
	URL  string
	Auth *auth.Service

	t      *testing.T
	now    time.Time
	mu     sync.Mutex
	photos map[string][]byte
	change chan struct{}
	log    *lockedBuffer
	stop   func() // the server goes away
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// at is the moment at which the tests look at the pages: 22 November 2026,
// 14:32 at the site.
var at = time.Date(2026, time.November, 22, 7, 32, 0, 0, time.UTC)

func open(t *testing.T) *office {
	t.Helper()
	o := &office{
		Site: bookstest.New(t, database(t), "trung-tam", "Asia/Ho_Chi_Minh"), t: t, now: at,
		photos: map[string][]byte{}, change: make(chan struct{}, 1), log: &lockedBuffer{},
	}
	log := slog.New(slog.NewTextHandler(o.log, nil))
	o.Auth = auth.New(auth.Config{Store: o.Store, Now: func() time.Time { return o.now }, Log: log})
	pages, err := admin.New(admin.Config{
		Books: books.New(o.Store.Q), Auth: o.Auth, Settle: o.settler(log), Bank: o.bank(log), Passes: o.keeper(log), Now: func() time.Time { return o.now }, Log: log, Photo: o.photo,
		Watch: func(uuid.UUID) (<-chan struct{}, func()) { return o.change, func() {} },
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Auth.PageError = pages.Fail
	handlers := pages.Handlers()
	r := chi.NewRouter()
	r.NotFound(pages.NotFound)
	for _, route := range auth.Routes {
		h, ok := handlers[route.Key()]
		if ok != route.Page {
			t.Errorf("%s: page %v, handler %v", route.Key(), route.Page, ok)
		}
		if ok {
			r.Method(route.Method, route.Pattern, o.Auth.Require(route)(h))
		}
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)                                                        // open streams would keep it waiting
	o.URL, o.stop = server.URL, func() { server.Listener.Close(); server.CloseClientConnections() } //nolint:errcheck // closed again by Close
	actor := auth.Principal{Tenant: o.Tenant, Site: o.ID, Name: "seed"}
	for _, p := range []auth.NewPerson{
		{Name: "quynh", Display: "Trần Thị Quỳnh", Role: auth.RoleAdmin, Language: "vi", Password: password},
		{Name: "lan", Display: "Nguyễn Thị Lan", Role: auth.RoleGuard, Language: "vi", Password: password},
		{Name: "minh", Display: "Đỗ Văn Minh", Role: auth.RoleGuard, Language: "vi", Password: password},
	} {
		if err := o.Auth.AddPerson(t.Context(), actor, p); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// keeper writes passes, cards and the block list.
func (o *office) keeper(log *slog.Logger) *passes.Keeper {
	return &passes.Keeper{
		Store: o.Store, Ingest: &ingest.Ingester{Store: o.Store, Log: log}, Auth: o.Auth, Now: func() time.Time { return o.now },
	}
}

// settler writes the decisions of the pages.
func (o *office) settler(log *slog.Logger) *settle.Settler {
	return &settle.Settler{
		Store: o.Store, Ingest: &ingest.Ingester{Store: o.Store, Log: log}, Auth: o.Auth, Now: func() time.Time { return o.now },
	}
}

// database makes a database of its own for the test.
func database(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), privatetest.Database(t, store.Migrate))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}

func (o *office) photo(site uuid.UUID, sha string) (io.ReadSeekCloser, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, ok := o.photos[sha]
	if !ok || site != o.ID {
		return nil, parking.Errorf(parking.NotFound, "There is no such photo.")
	}
	return nopCloser{bytes.NewReader(b)}, nil
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// browser is a browser that keeps cookies and follows no redirect.
func (o *office) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// signedIn is a browser of the administrator.
func (o *office) signedIn() *http.Client {
	o.t.Helper()
	b := o.browser()
	if status, body := o.post(b, "/login", url.Values{"site": {"trung-tam"}, "name": {"quynh"}, "password": {password}}); status != http.StatusSeeOther {
		o.t.Fatalf("sign in: %d %s", status, body)
	}
	return b
}

func (o *office) get(b *http.Client, path string) (status int, body string) {
	o.t.Helper()
	status, body, _ = o.do(b, http.MethodGet, path, nil, nil)
	return status, body
}

func (o *office) post(b *http.Client, path string, form url.Values) (status int, body string) {
	o.t.Helper()
	status, body, _ = o.do(b, http.MethodPost, path, form, nil)
	return status, body
}

func (o *office) do(b *http.Client, method, path string, form url.Values, header http.Header) (int, string, http.Header) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	for key, value := range header {
		req.Header[key] = value
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

// picture draws a JPEG that looks a little like a plate.
func (o *office) picture(role string, shade uint8, held bool) parking.PhotoRef {
	o.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{shade, shade + 10, shade + 30, 255}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(90, 90, 230, 150), image.White, image.Point{}, draw.Src)
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		o.t.Fatal(err)
	}
	ref := o.Photo(buf.Bytes(), role, held)
	if held {
		o.photos[ref.SHA256] = buf.Bytes()
	}
	return ref
}

// busyDay fills the site with a day of an ordinary car park; it returns a stay
// that has everything.
func (o *office) busyDay() uuid.UUID {
	o.t.Helper()
	o.Ground()
	o.Heard("N", at.Add(-time.Second), 12, 0)
	o.Heard("S", at.Add(-2*time.Second), 18, 0)
	o.Heard("E", at.Add(-time.Second), 740, 3)
	o.Heard("W", at.Add(-26*time.Minute), 31, 41)
	gates, people := []string{"N", "S", "E", "W"}, []string{"lan", "minh"}
	dawn := time.Date(2026, time.November, 15, 23, 0, 0, 0, time.UTC) // 06:00 of the 16th
	for i := range 160 {
		in := dawn.Add(time.Duration(i) * 57 * time.Minute)
		out := in.Add(time.Duration(40+i%5*25) * time.Minute)
		fee := parking.Money(5000 + 3000*(i%5))
		place, class, display := "M", parking.Motorbike, fmt.Sprintf("29-B1 %03d.%02d", 100+i, i%90+10)
		if i%3 == 0 {
			place, class, display = "W15", parking.Car, fmt.Sprintf("30A-%03d.%02d", 200+i, i%80+11)
		}
		stay := o.In(in, gates[i%4], people[i%2], place, display, class)
		if out.Before(at) {
			o.Pay(stay, out, gates[(i+1)%4], people[i%2], parking.Methods()[i*i%3], fee)
			o.Out(stay, out, gates[(i+1)%4], people[i%2], fee)
		} else if place != "M" {
			o.Unplace(stay)
		}
	}
	for i := range 31 {
		o.In(at.Add(-time.Duration(20+i*7)*time.Minute), gates[i%4], people[i%2], fmt.Sprintf("%s%02d", gates[i%3], i/3+1), fmt.Sprintf("51F-%03d.%02d", 442+i, 10+i), parking.Car)
	}
	for i := range 86 {
		o.In(at.Add(-time.Duration(9+i*5)*time.Minute), gates[i%4], people[i%2], "M", fmt.Sprintf("59-X%d %03d.%02d", i%9+1, 311+i, 10+i), parking.Motorbike)
	}
	loser := o.In(at.Add(-4*time.Minute), "S", "minh", "N01", "99A-000.11", parking.Car)
	o.Unplace(loser)
	whole := o.In(at.Add(-5*time.Hour), "N", "lan", "S14", "29A-456.78", parking.Car, o.picture("plate", 60, true))
	o.Request(whole, at.Add(-32*time.Minute), "S", "minh", 17000)
	o.Pay(whole, at.Add(-31*time.Minute), "S", "minh", parking.Cash, 17000)
	o.Out(whole, at.Add(-30*time.Minute), "S", "minh", 17000, o.picture("plate", 90, true))
	o.Conflict("slot_twice", "N01", at.Add(-4*time.Minute), loser)
	o.Conflict("fee_differs", "", at.Add(-30*time.Minute), whole)
	o.Save()
	o.Hold("E12", "E", time.Hour)
	o.Exec(`UPDATE slots SET out_of_service = true WHERE site_id = $1 AND code IN ('S12', 'W03')`, o.ID)
	return whole
}
