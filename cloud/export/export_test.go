package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gatehouse/cloud/export"
	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

func dump(t *testing.T, s *cloudtest.Site) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Canonical(t.Context(), s.Store, s.Code, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func bring(t *testing.T, s *cloudtest.Site, g *cloudtest.Gate, receivedAt time.Time) {
	t.Helper()
	in := ingest.Ingester{Store: s.Store, Log: slog.New(slog.DiscardHandler)}
	raw := cloudtest.Raw(t, g.Batch(t, g.Facts))
	if _, err := in.Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: g.Code}, raw, receivedAt); err != nil {
		t.Fatal(err)
	}
}

// Every record is there, in the order promised, with sorted keys and nothing
// of when it came; what was withdrawn is not.
func TestCanonical(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	if got := dump(t, s); got != "" {
		t.Fatalf("a site without facts: %s", got)
	}
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	at := func(minutes int) time.Time { return cloudtest.Noon.Add(time.Duration(minutes) * time.Minute) }
	first := n.In(t, at(0), "51F00001", "N07")
	paid := n.In(t, at(1), "51F00002", "N08")
	n.Out(t, paid, at(1), at(30), "51F00002", 5000)
	south.In(t, at(5), "51F00003", "Z99")
	second := south.In(t, at(6), "51F00004", "N07")
	bring(t, s, n, at(100))
	bring(t, s, south, at(500))
	got := dump(t, s)
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != 10 {
		t.Fatalf("%d lines, want 10:\n%s", len(lines), got)
	}
	for i, want := range []string{
		`{"at":"2026-11-22T05:05:00Z","facts":["` + south.Facts[0].ID.String() + `"],"kind":"slot_invalid","record":"conflict","slot":"Z99","state":"open","stays":["`,
		fmt.Sprintf(`{"at":"2026-11-22T05:06:00Z","facts":[%q,%q],"kind":"slot_twice","record":"conflict","slot":"N07","state":"open","stays":[%q,%q]}`,
			n.Facts[0].ID, south.Facts[1].ID, first, second),
		`{"applied":4,"epoch":"` + string(n.Epoch) + `","gate":"N","ids":"`,
		`{"applied":2,"epoch":"` + string(south.Epoch) + `","gate":"S","ids":"`,
		`{"actor":"lan","amount":5000,"currency":"VND","gate":"N","id":"`,
		fmt.Sprintf(`{"record":"placement","slot":"N07","stay":%q}`, first),
		`{"class":"car","display":"51F00001"`, // stays come by id, which is by when they were made
		`{"charge":{"currency":"VND","due":5000,"fee":5000,"in":"2026-11-22T05:01:00Z"`,
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is\n%s\nand should begin\n%s", i, lines[i], want)
		}
	}
	for _, foreign := range []string{"received", "feed", "opened_at", s.ID.String(), at(100).Format("T15:04"), at(500).Format("T15:04")} {
		if strings.Contains(got, foreign) {
			t.Errorf("the dump holds %q:\n%s", foreign, got)
		}
	}
	// The first had left before the second came: the conflict withdraws.
	n.Out(t, first, at(0), at(4), "51F00001", 5000)
	bring(t, s, n, at(600))
	if got := dump(t, s); strings.Contains(got, "slot_twice") || !strings.Contains(got, fmt.Sprintf(`"slot":"N07","stay":%q`, second)) {
		t.Errorf("after the exit:\n%s", got)
	}
}

// More rows than one page are all there, once each and in order.
func TestManyPages(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	const rows = 2500
	_, err := s.Store.Pool.Exec(t.Context(), `
INSERT INTO payments (tenant_id, site_id, id, stay_id, method, status, amount, currency, gate, actor, paid_at)
SELECT $1, $2, gen_random_uuid(), gen_random_uuid(), 'cash', 'paid', 9007199254740993, 'VND', 'N', 'lan', $4 FROM generate_series(1, $3)`,
		s.Tenant, s.ID, rows, cloudtest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	got := dump(t, s)
	if n := strings.Count(got, `"amount":9007199254740993,`); n != rows {
		t.Errorf("%d payments, want %d", n, rows)
	}
	var before string
	for line := range strings.Lines(got) {
		_, id, _ := strings.Cut(line, `"id":"`)
		if id = id[:36]; id <= before {
			t.Fatalf("payment %s comes after %s", id, before)
		}
		before = id
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWhatFailsIsSaid(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	n.In(t, cloudtest.Noon, "51F00001", "N07")
	bring(t, s, n, cloudtest.Noon)
	if err := export.Canonical(t.Context(), s.Store, s.Code, full{}); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("a full disk: %v", err)
	}
	if err := export.Canonical(t.Context(), s.Store, "nowhere", full{}); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("an unknown site: %v", err)
	}
}
