package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatehouse/parking"
)

// browser starts Debian's headless Chromium for one test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("this test looks at pages with Chromium, which ./task test installs: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(1280, 900), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	// The first call starts the browser, which lives as long as its context.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// lookAsAdmin signs in as the administrator and finds both stays, their
// photos and the money: on the pages and in the PDF.
func lookAsAdmin(t *testing.T, r *rig, car, bike parking.Stay) {
	t.Helper()
	ctx := browser(t)
	admin := r.people["admin"]
	open(t, ctx, r.url()+"/login")
	submit(t, ctx, map[string]string{"site": "demo", "name": admin.Name, "password": admin.Password})
	wait(t, "the administrator to be signed in", func() bool {
		return evaluate[bool](t, ctx, `location.pathname === "/" && document.querySelector('nav a[href="/stays"]') !== null`)
	})
	if text := pageText(t, ctx, r.url()+"/"); !strings.Contains(text, "16.000") {
		t.Errorf("the page Now does not show today's 16.000 ₫:\n%s", text)
	}
	stays := pageText(t, ctx, r.url()+"/stays")
	for _, s := range []parking.Stay{car, bike} {
		if !strings.Contains(stays, s.Display) {
			t.Errorf("the page Stays does not show %s:\n%s", s.Display, stays)
		}
		one := pageText(t, ctx, r.url()+"/stays/"+s.ID.String())
		if !strings.Contains(one, s.Display) {
			t.Errorf("the stay's own page does not show %s", s.Display)
		}
		wait(t, "the photos of IN and OUT to be drawn for "+s.Display, func() bool {
			return evaluate[int](t, ctx,
				`[...document.querySelectorAll('img[src^="/photos/"]')].filter(i => i.complete && i.naturalWidth > 100).length`) == 2
		})
	}
	revenue := pageText(t, ctx, r.url()+"/revenue?from=2026-11-21&to=2026-11-21")
	for _, sum := range []string{"16.000", "11.000", "5.000"} {
		if !strings.Contains(revenue, sum) {
			t.Errorf("the page Revenue does not show %s:\n%s", sum, revenue)
		}
	}
	paper := pdfText(t, download(t, r, "/revenue/cash-up.pdf?from=2026-11-21&to=2026-11-21"))
	for _, want := range []string{"16.000", "11.000", "5.000", "Bãi xe Trung Tâm"} {
		if !strings.Contains(paper, want) {
			t.Errorf("the PDF does not show %s:\n%s", want, paper)
		}
	}
}

// open goes to a page and waits until it has loaded.
func open(t *testing.T, ctx context.Context, url string) { //nolint:revive // testing.T goes first
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
}

// evaluate asks the page.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T { //nolint:revive // testing.T goes first
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("ask the page %s: %v", expression, err)
	}
	return v
}

// submit fills the page's first form of fields in and sends it by its button.
func submit(t *testing.T, ctx context.Context, fields map[string]string) { //nolint:revive // testing.T goes first
	t.Helper()
	for name, value := range fields {
		evaluate[string](t, ctx, fmt.Sprintf(`document.querySelector("form.fields input[name=%s]").value = %q`, name, value))
	}
	evaluate[bool](t, ctx, `document.querySelector("form.fields button").click(), true`)
}

// pageText is what a person reads on a page once it has loaded.
func pageText(t *testing.T, ctx context.Context, url string) string { //nolint:revive // testing.T goes first
	t.Helper()
	open(t, ctx, url)
	return strings.ReplaceAll(evaluate[string](t, ctx, `document.querySelector("main").innerText`), "\u00a0", " ")
}

// pdfText is the text of a PDF, as laid out.
func pdfText(t *testing.T, pdf []byte) string {
	t.Helper()
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Fatalf("what was downloaded is no PDF: %.80q", pdf)
	}
	file := filepath.Join(t.TempDir(), "cash-up.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext, which ./task test installs: %v", err)
	}
	return string(out)
}
