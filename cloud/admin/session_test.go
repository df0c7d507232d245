package admin_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
	"gatehouse/web"
)

func signIn(name, pass string) url.Values {
	return url.Values{"site": {"trung-tam"}, "name": {name}, "password": {pass}, "next": {"/map"}}
}

func TestSignInGivesASession(t *testing.T) {
	t.Parallel()
	o := open(t)
	for scheme, want := range map[string]string{
		"http":  `^gatehouse=\S+; Path=/; Max-Age=[0-9]+; HttpOnly; SameSite=Lax$`,
		"https": `^__Host-gatehouse=\S+; Path=/; Max-Age=[0-9]+; HttpOnly; Secure; SameSite=Lax$`,
	} {
		status, _, header := o.do(o.browser(), http.MethodPost, "/login", signIn("quynh", password), http.Header{"X-Forwarded-Proto": {scheme}})
		if status != http.StatusSeeOther || header.Get("Location") != "/map" {
			t.Errorf("%s: %d to %q", scheme, status, header.Get("Location"))
		}
		if got := header.Get("Set-Cookie"); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: cookie %q", scheme, got)
		}
	}
	b := o.signedIn()
	at, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	before := b.Jar.Cookies(at)[0].Value
	if status, _ := o.post(b, "/login", signIn("quynh", password)); status != http.StatusSeeOther {
		t.Fatalf("sign in again: %d", status)
	}
	if after := b.Jar.Cookies(at)[0].Value; after == before {
		t.Error("the session keeps its id at a new sign-in")
	}
	if _, err := o.Auth.Check(t.Context(), before); parking.ErrorCode(err) != parking.Unauthorized {
		t.Errorf("the session before is still good: %v", err)
	}
	if status, _ := o.post(b, "/logout", url.Values{}); status != http.StatusSeeOther {
		t.Errorf("sign out: %d", status)
	}
	if status, _, header := o.do(b, http.MethodGet, "/stays?state=inside", nil, nil); status != http.StatusSeeOther ||
		header.Get("Location") != "/login?next=%2Fstays%3Fstate%3Dinside" {
		t.Errorf("after signing out: %d to %q", status, header.Get("Location"))
	}
}

func TestSignInRefusals(t *testing.T) {
	t.Parallel()
	o := open(t)
	for name, c := range map[string]struct {
		form   url.Values
		status int
		key    string
	}{
		"guard":    {signIn("lan", password), http.StatusForbidden, "signin.guard"},
		"wrong":    {signIn("quynh", "không phải mật khẩu"), http.StatusUnauthorized, "signin.wrong"},
		"nobody":   {signIn("ai-do", password), http.StatusUnauthorized, "signin.wrong"},
		"no words": {url.Values{"site": {"trung-tam"}}, http.StatusBadRequest, "signin.missing"},
	} {
		b := o.browser()
		status, body, header := o.do(b, http.MethodPost, "/login", c.form, nil)
		if status != c.status || !strings.Contains(body, words.T(words.Vi, c.key)) {
			t.Errorf("%s: %d %s", name, status, body)
		}
		wellFormed(t, name, body)
		if header.Get("Set-Cookie") != "" || strings.Contains(body, c.form.Get("password")) && c.form.Get("password") != "" {
			t.Errorf("%s: a cookie is given, or the password comes back", name)
		}
		if status, _ := o.get(b, "/"); status != http.StatusSeeOther {
			t.Errorf("%s is let in: %d", name, status)
		}
	}
	if log := o.log.String(); strings.Contains(log, password) {
		t.Error("the password is in the log")
	}
}

// A guard's token is good at the API, and opens no page.
func TestGuardIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	token, _, _, err := o.Auth.Login(t.Context(), "trung-tam", "lan", password, auth.SessionToken)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		status, body, _ := o.do(o.browser(), http.MethodGet, path, nil, http.Header{"Authorization": {"Bearer " + token}})
		if status != http.StatusForbidden || !strings.Contains(body, words.T(words.Vi, "error.forbidden")) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestPostsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	b := o.signedIn()
	for _, path := range []string{"/login", "/logout", "/language", "/gates/N/code", "/gates/N/revoke"} {
		status, body, _ := o.do(b, http.MethodPost, path, url.Values{"code": {"N"}}, http.Header{"Sec-Fetch-Site": {"cross-site"}})
		if status != http.StatusForbidden || !strings.Contains(body, words.T(words.Vi, "error.cross_origin")) {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := o.get(b, "/"); status != http.StatusOK {
		t.Errorf("the session ended by another site's request: %d", status)
	}
}

func TestNoRedirectElsewhere(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)"} {
		_, _, header := o.do(o.browser(), http.MethodPost, "/language", url.Values{"language": {"en"}, "next": {next}}, nil)
		if header.Get("Location") != "/" {
			t.Errorf("%q leads to %q", next, header.Get("Location"))
		}
	}
}

// The stream sends what has changed, and only that.
func TestNowIsLive(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	b := o.signedIn()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.URL+"/now/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("content type %q", kind)
	}
	lines := bufio.NewScanner(res.Body)
	events := func(until string) (names []string, text string) {
		for lines.Scan() {
			line := lines.Text()
			if name, ok := strings.CutPrefix(line, "event: "); ok {
				names = append(names, name)
			}
			text += line + "\n"
			if strings.Contains(text, until) && line == "" {
				return names, text
			}
		}
		t.Fatalf("the stream ended before %q: %v", until, lines.Err())
		return nil, ""
	}
	if names, _ := events("event: zones"); strings.Join(names, " ") != "conflicts flow gates said zones" {
		t.Errorf("first: %v", names)
	}
	o.In(at.Add(-time.Minute), "N", "lan", "N03", "30A-123.45", parking.Car)
	o.Save()
	o.change <- struct{}{}
	names, text := events("event: zones")
	for _, name := range names {
		if name == "conflicts" {
			t.Error("a part that has not changed was sent")
		}
	}
	if !strings.Contains(text, words.T(words.Vi, "now.said", "1", "0")) {
		t.Errorf("the stream does not say who is inside now:\n%s", text)
	}
}

func TestColoursAreThoseOfTheRoles(t *testing.T) {
	t.Parallel()
	css, err := web.Static.ReadFile("static/site.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(css), "prefers-color-scheme: dark")
	for _, s := range look.All() {
		for name, c := range map[string]struct{ text, want string }{"light": {light, s.Light}, "dark": {dark, s.Dark}} {
			m := regexp.MustCompile(`--` + string(s.Role) + `: (#[0-9A-F]{6});`).FindStringSubmatch(c.text)
			if m == nil || m[1] != c.want {
				t.Errorf("%s %s is %v in site.css, %s in package look", name, s.Role, m, c.want)
			}
		}
	}
}

func TestVendoredFilesAreThoseNamed(t *testing.T) {
	t.Parallel()
	readme, err := web.Static.ReadFile("static/vendor/README.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := fs.Glob(web.Static, "static/vendor/*.js")
	if err != nil || len(scripts) != 2 {
		t.Fatalf("scripts %v, %v", scripts, err)
	}
	for _, name := range scripts {
		content, err := web.Static.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
			t.Errorf("%s is not the file that the README names", name)
		}
	}
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, page := o.get(o.browser(), "/login")
	links := regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) != 6 {
		t.Errorf("%d static files on the page, want 6", len(links))
	}
	for _, link := range links {
		status, _, header := o.do(o.browser(), http.MethodGet, link[1], nil, nil)
		if status != http.StatusOK || !strings.Contains(header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", link[1], status, header)
		}
	}
	for _, path := range []string{"/static/vendor/README.md", "/static/../embed.go", "/static/"} {
		if status, _ := o.get(o.browser(), path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}
