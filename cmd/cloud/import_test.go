package main

import (
	"bytes"
	"compress/gzip"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

var discard = slog.New(slog.DiscardHandler)

// file writes lines as a gate exports them.
func file(t *testing.T, packed bool, lines ...[]byte) string {
	t.Helper()
	var buf bytes.Buffer
	text := append(bytes.Join(lines, []byte("\n")), '\n')
	if packed {
		z := gzip.NewWriter(&buf)
		if _, err := z.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	} else {
		buf.Write(text)
	}
	path := filepath.Join(t.TempDir(), "queue.jsonl")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A queue that was carried by hand counts as if it had been sent; a line that
// is damaged is named, and the rest goes on.
func TestImport(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	g := s.Enrol(t, "N")
	for _, slot := range []string{"N01", "N02", "N03", "N04"} {
		g.In(t, cloudtest.Noon, "30A1234"+slot[2:], slot)
	}
	g.Fact(t, "of_tomorrow", cloudtest.Noon, struct{}{})
	first, second := cloudtest.Raw(t, g.Batch(t, g.Facts[:2])), cloudtest.Raw(t, g.Batch(t, g.Facts[2:]))
	forged := g.Batch(t, g.Facts[:2])
	forged.Signature[3]++
	gap := cloudtest.NewGate(s.ID, "N", g.Key)
	gap.Epoch = parking.NewEpoch(9, [8]byte{9})
	gap.In(t, cloudtest.Noon, "51F11111", "N05")
	gap.In(t, cloudtest.Noon, "51F11112", "N06")

	code, out, errs := try(t.Context(), "import", "--database", s.URL, file(t, true, first, []byte(`{"id": "half`), cloudtest.Raw(t, forged),
		bytes.Repeat([]byte("x"), 2<<20), cloudtest.Raw(t, gap.Batch(t, gap.Facts[1:])),
		bytes.Replace(first, []byte(`"gate":"N"`), []byte(`"gate":"N\u0000"`), 1), second))
	for _, want := range []string{
		"line 2: The batch is not JSON", "line 3: The batch is not signed by gate N.", "line 4: The line has more than", "line 5: The batch begins with seq 2",
		"line 6: Gate \"N\\x00\" is not enrolled.",
		"4 applied, 0 duplicate, 1 quarantined",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the import does not say %q: %s", want, out)
		}
	}
	if code != 1 || !strings.Contains(errs, "5 lines could not be imported") {
		t.Errorf("%d %s", code, errs)
	}
	for _, packed := range []bool{true, false} {
		if out := must(t, "import", "--database", s.URL, file(t, packed, first, second)); out != "0 applied, 4 duplicate, 1 quarantined\n" {
			t.Errorf("again: %s", out)
		}
	}
	var stays int
	if err := s.Store.Pool.QueryRow(t.Context(), `SELECT count(*) FROM transactions WHERE state = 'inside'`).Scan(&stays); err != nil || stays != 4 {
		t.Errorf("%d stays, %v", stays, err)
	}
	// A file that breaks off gives what it holds.
	path := file(t, true, first, second)
	whole, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, whole[:len(whole)-9], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if code, out, _ := try(t.Context(), "import", "--database", s.URL, path); code != 1 || !strings.Contains(out, "breaks off") {
		t.Errorf("a broken file: %d %s", code, out)
	}
	if code, _, errs := try(t.Context(), "import", "--database", s.URL, filepath.Join(t.TempDir(), "none")); code != 2 || !strings.Contains(errs, "cannot be read") {
		t.Errorf("no file: %d %s", code, errs)
	}
}

// The facts of a revoked gate, up to the revocation, wait in quarantine.
func TestImportOfARevokedGate(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	g := s.Enrol(t, "N")
	g.In(t, cloudtest.Noon.AddDate(0, 0, -1), "30A12345", "N01")
	g.In(t, cloudtest.Noon.AddDate(0, 0, 1), "30A54321", "N02")
	if err := s.Auth.RevokeGate(t.Context(), s.Operator(t), "N"); err != nil {
		t.Fatal(err)
	}
	out := must(t, "import", "--database", s.URL, file(t, true, cloudtest.Raw(t, g.Batch(t, g.Facts))))
	if !strings.Contains(out, "0 applied, 0 duplicate, 1 quarantined") || !strings.Contains(out, "line 1: 1 facts were made after gate N had been revoked") {
		t.Errorf("import: %s", out)
	}
	if out := must(t, "quarantine", "list", "--database", s.URL); strings.Count(out, "\n") != 1 || !strings.Contains(out, "The gate was revoked") {
		t.Errorf("list: %s", out)
	}
	var raw, stays int
	err := s.Store.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM quarantine WHERE reason LIKE 'The gate was revoked%'),
		(SELECT count(*) FROM transactions)`).Scan(&raw, &stays)
	if err != nil || raw != 1 || stays != 0 {
		t.Errorf("%d in quarantine, %d stays, %v", raw, stays, err)
	}
	if out := must(t, "quarantine", "replay", "--database", s.URL); out != "1 applied, 0 left\n" {
		t.Errorf("replay: %s", out)
	}
}
