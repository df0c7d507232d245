package admin_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"gatehouse/cloud/auth"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// screensVariable names a folder in which to keep pictures of every page.
const screensVariable = "PARK_TEST_SCREENS"

// chromium starts Debian's browser, signed in as the administrator.
func (o *office) chromium() (context.Context, *complaints) {
	o.t.Helper()
	alloc, stop := chromedp.NewExecAllocator(o.t.Context(), chromedp.ExecPath("chromium"), chromedp.NoSandbox,
		chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(o.t.TempDir()),
		chromedp.Flag("disable-background-networking", true))
	o.t.Cleanup(stop)
	heard := &complaints{}
	tab, cancel := chromedp.NewContext(alloc, chromedp.WithListener(heard.listen))
	o.t.Cleanup(cancel)
	ctx, cancel := context.WithTimeout(tab, 3*time.Minute)
	o.t.Cleanup(cancel)
	token, _, _, err := o.Auth.Login(o.t.Context(), "trung-tam", "quynh", password, auth.SessionToken)
	if err != nil {
		o.t.Fatal(err)
	}
	yes := true
	run(ctx, o, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: "gatehouse", Value: token, URL: o.URL + "/", HTTPOnly: &yes})
		return err
	}))
	return ctx, heard
}

// complaints are what the browser writes to its console: policies that were
// broken, scripts that failed.
type complaints struct {
	lockedBuffer
}

func (c *complaints) listen(event any) {
	if e, ok := event.(*log.EventEntryAdded); ok && (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) {
		_, _ = fmt.Fprintf(c, "%s %s\n", e.Entry.Text, e.Entry.URL)
	}
}

func run[T any](ctx context.Context, o *office, action chromedp.Action[T]) T {
	o.t.Helper()
	out, err := chromedp.Run(ctx, action)
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

// screen is what a page is looked at with.
type screen struct {
	name          string
	width, height int64
	scheme        string
}

func (s screen) use() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.width < 720,
		}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}},
		})
		return err
	})
}

// keep writes a picture where screensVariable asks for it.
func (o *office) keep(ctx context.Context, name string) {
	o.t.Helper()
	folder := os.Getenv(screensVariable)
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), run(ctx, o, chromedp.FullScreenshot(100)), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// TestEveryPageFitsItsScreen opens every page on a desk and on a phone of 360
// pixels, by day and by night: nothing scrolls sideways, nothing is refused by
// the content security policy.
func TestEveryPageFitsItsScreen(t *testing.T) {
	t.Parallel()
	o := open(t)
	stay := o.busyDay()
	ctx, heard := o.chromium()
	for _, s := range []screen{{"desk", 1280, 860, "light"}, {"desk", 1280, 860, "dark"}, {"phone", 360, 780, "light"}, {"phone", 360, 780, "dark"}} {
		run(ctx, o, s.use())
		for name, path := range map[string]string{
			"now": "/", "map": "/map", "stays": "/stays", "stay": "/stays/" + stay.String(), "gates": "/gates",
			"day": "/revenue", "revenue": "/revenue?from=2026-11-16&to=2026-11-22", "error": "/nothing-here", "login": "/login",
			"settings": "/settings",
			"paid":     "/stays?paid_from=2026-11-16&paid_to=2026-11-22&method=cash",
		} {
			address := o.URL + path
			if name == "login" { // another host has no session
				address = strings.Replace(address, "127.0.0.1", "localhost", 1)
			}
			run(ctx, o, chromedp.Navigate(address))
			if wide := run(ctx, o, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > s.width {
				t.Errorf("%s on a %s is %d pixels wide, the screen %d", path, s.name, wide, s.width)
			}
			o.keep(ctx, strings.Join([]string{name, s.name, s.scheme}, "-"))
		}
	}
	for line := range strings.Lines(heard.String()) {
		// The page that does not exist does so on purpose, and the next page
		// often comes before the browser has fetched the manifest's icon.
		if !strings.Contains(line, "404") && !strings.Contains(line, "icon from the Manifest") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}

// TestTheInboxFitsItsScreen is the same for the pages of conflicts.
func TestTheInboxFitsItsScreen(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.contradict()
	o.Exec("UPDATE sites SET bank_account = '0011001234567' WHERE id = $1", o.ID)
	o.transferred(`"transferAmount":900000,"content":"CT DEN 0011 NGUYEN VAN A chuyen tien dien thang 11 cho bai xe trung tam MBVCB.3278907687"`, `"transferAmount":0,"content":""`)
	cases := o.cases(o.signedIn())
	paths := map[string]string{"conflicts": "/conflicts", "conflicts-none": "/conflicts?state=waiting", "quarantine": "/quarantine", "slot": "/map/slots/N03", "transfers": "/transfers"}
	for kind, path := range cases {
		for _, k := range []string{"slot_twice", "plate_inside", "exit_unknown", "paid_twice", "unreadable"} {
			if kind == words.T(words.Vi, "conflict."+k) {
				paths["conflict-"+k] = path
			}
		}
	}
	if len(paths) != 10 {
		t.Fatalf("pages: %v", paths)
	}
	ctx, heard := o.chromium()
	for _, s := range []screen{{"desk", 1280, 860, "light"}, {"desk", 1280, 860, "dark"}, {"phone", 360, 780, "light"}, {"phone", 360, 780, "dark"}} {
		run(ctx, o, s.use())
		for name, path := range paths {
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

// TestBrowserIsLive looks at the page as a person does: a vehicle comes in and
// the figure changes by itself; a taken slot opens its stay in a sheet, which
// escape closes.
func TestBrowserIsLive(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.Ground()
	ctx, heard := o.chromium()
	until := func(condition string) {
		t.Helper()
		run(ctx, o, chromedp.Poll[bool](condition))
	}
	run(ctx, o, screen{"desk", 1280, 860, "light"}.use())
	run(ctx, o, chromedp.Navigate(o.URL+"/"))
	until(`document.querySelector("[sse-swap=flow] .figure").textContent === "0"`)
	o.In(at.Add(-time.Minute), "N", "lan", "N03", "30A-123.45", parking.Car)
	o.Save()
	o.change <- struct{}{}
	until(`document.querySelector("[sse-swap=flow] .figure").textContent === "1"`)
	run(ctx, o, chromedp.Navigate(o.URL+"/map"))
	// A click before htmx has looked at the link would follow it to the page.
	until(`(function (slot) {
		return slot["htmx-internal-data"] && !slot.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}))
	})(document.querySelector('svg a[href^="/stays/"]')) || false`)
	until(`(document.querySelector("#sheet .plate") || {}).textContent === "30A-123.45"`)
	o.keep(ctx, "sheet")
	run(ctx, o, chromedp.KeyEvent("\u001b"))
	until(`document.querySelector("#sheet .plate") === null`)
	if text := heard.String(); text != "" {
		t.Errorf("the browser complains: %s", text)
	}
	// The ear that heard nothing is not deaf.
	run(ctx, o, chromedp.Evaluate[bool](`document.body.setAttribute("style", "color: red"), true`))
	for heard.String() == "" {
		run(ctx, o, chromedp.Evaluate[bool](`true`))
	}
	o.stop()
	until(`!document.getElementById("stream").hidden`) // the corner says that the stream is lost
	o.keep(ctx, "lost")
}
