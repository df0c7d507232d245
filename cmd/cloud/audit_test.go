package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// attack changes the database as its owner can, who switches triggers off.
func attack(t *testing.T, s *cloudtest.Site, statements ...string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), s.Store.Pool, func(tx pgx.Tx) error {
		for _, statement := range append([]string{"SET LOCAL session_replication_role = replica"}, statements...) {
			if tag, err := tx.Exec(t.Context(), statement); err != nil || !strings.HasPrefix(statement, "SET") && tag.RowsAffected() == 0 {
				return fmt.Errorf("%s: %v %w", statement, tag, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever is done to the audit log is found: flipped, deleted, reordered, and,
// by a head that was published, cut short.
func TestTamperedAuditIsFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		attack []string
		says   string
		head   bool // found only with the head
	}{
		{"flip", []string{`UPDATE audit_log SET actor = 'nobody' WHERE n = 3`}, "broken at entry 3", false},
		{"flip what was changed", []string{`UPDATE audit_log SET after = '{"until": "2030-01-01T00:00:00Z"}' WHERE n = 2`}, "broken at entry 2", false},
		{"delete", []string{`DELETE FROM audit_log WHERE n = 2`}, "broken at entry 2", false},
		{"delete and close the gap", []string{`DELETE FROM audit_log WHERE n = 2`, `UPDATE audit_log SET n = n - 1 WHERE n > 2`}, "broken at entry 2", false},
		{"reorder", []string{
			`UPDATE audit_log SET n = 100 WHERE n = 2`, `UPDATE audit_log SET n = 2 WHERE n = 3`, `UPDATE audit_log SET n = 3 WHERE n = 100`,
		}, "broken at entry 2", false},
		{"truncate", []string{`DELETE FROM audit_log WHERE n > 3`}, "cut short: it has 3 entries, the published head names 5", true},
		{"everything", []string{`DELETE FROM audit_log`}, "cut short: it has 0 entries", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := cloudtest.NewSite(t, nil)
			for range 5 {
				if _, _, err := s.Auth.NewGateCode(t.Context(), s.Operator(t), "N"); err != nil {
					t.Fatal(err)
				}
			}
			head := strings.TrimSpace(must(t, "audit", "head", "--database", s.URL))
			if out := must(t, "audit", "verify", "--database", s.URL, "--head", head); !strings.Contains(out, head) {
				t.Fatalf("before: %s", out)
			}
			attack(t, s, test.attack...)
			code, _, errs := try(t.Context(), "audit", "verify", "--database", s.URL)
			if test.head != (code == 0) || code != 0 && !strings.Contains(errs, test.says) {
				t.Errorf("without the head: %d %s", code, errs)
			}
			code, _, errs = try(t.Context(), "audit", "verify", "--database", s.URL, "--head", head)
			if code != 1 || !strings.Contains(errs, test.says) {
				t.Errorf("with the head: %d %s", code, errs)
			}
		})
	}
}

// chained makes a gate's facts name each other, as a gate does.
func chained(t *testing.T, g *cloudtest.Gate, from int, prev string) string {
	t.Helper()
	for i := from; i < len(g.Facts); i++ {
		g.Facts[i].Prev = prev
		raw, err := g.Facts[i].Encode()
		if err != nil {
			t.Fatal(err)
		}
		prev = parking.FactHash(raw)
	}
	return prev
}

func bring(t *testing.T, s *cloudtest.Site, g *cloudtest.Gate) {
	t.Helper()
	in := ingest.Ingester{Store: s.Store, Log: discard}
	if _, err := in.Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: g.Code}, cloudtest.Raw(t, g.Batch(t, g.Facts)), cloudtest.Noon); err != nil {
		t.Fatal(err)
	}
}

// twoRuns are a gate's facts in two runs, the second naming the end of the first.
func twoRuns(t *testing.T, s *cloudtest.Site) (first, second *cloudtest.Gate) {
	t.Helper()
	first = s.Enrol(t, "N")
	first.Fact(t, parking.KindStarted, cloudtest.Noon, parking.Started{Version: "1", Machine: "m"})
	for i := range 4 {
		first.In(t, cloudtest.Noon, fmt.Sprintf("30A1234%d", i), fmt.Sprintf("N0%d", i+1))
	}
	last := chained(t, first, 0, "")
	bring(t, s, first)
	second = cloudtest.NewGate(s.ID, "N", first.Key)
	second.Epoch = parking.NewEpoch(2, [8]byte{2})
	second.Fact(t, parking.KindStarted, cloudtest.Noon, parking.Started{PrevEpoch: first.Epoch, PrevSeq: 5, Version: "1", Machine: "m"})
	second.In(t, cloudtest.Noon, "51F67890", "N09")
	chained(t, second, 0, last)
	bring(t, s, second)
	return first, second
}

// Whatever is done to a gate's facts is found, and the first break named.
func TestTamperedFactsAreFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		attack []string // $1 and $2 are the runs
		says   string
		head   bool // found only with the head
	}{
		{
			"flip the bytes",
			[]string{`UPDATE facts SET encoded = convert_to(replace(convert_from(encoded, 'UTF8'), '30A12341', '30A12349'), 'UTF8') WHERE epoch = '$1' AND seq = 3`},
			"broken at 4: it does not name the hash", false,
		},
		{
			"flip the last",
			[]string{`UPDATE facts SET encoded = convert_to(replace(convert_from(encoded, 'UTF8'), '51F67890', '51F67891'), 'UTF8') WHERE epoch = '$2' AND seq = 2`},
			"broken at 2: it is not the fact that was counted", false,
		},
		{"flip a column", []string{`UPDATE facts SET actor = 'minh' WHERE epoch = '$1' AND seq = 2`}, "broken at 2: its columns", false},
		{"delete", []string{`DELETE FROM facts WHERE epoch = '$1' AND seq = 3`}, "broken at 3: it is missing", false},
		{"reorder", []string{
			`UPDATE facts SET seq = 100 WHERE epoch = '$1' AND seq = 2`, `UPDATE facts SET seq = 2 WHERE epoch = '$1' AND seq = 3`,
			`UPDATE facts SET seq = 3 WHERE epoch = '$1' AND seq = 100`,
		}, "broken at 2: its columns", false},
		{"truncate", []string{`DELETE FROM facts WHERE epoch = '$1' AND seq > 3`}, "broken at 4: it is missing: 5 were counted", false},
		{"truncate the older run and its count", []string{
			`DELETE FROM facts WHERE epoch = '$1' AND seq > 4`,
			`UPDATE gate_epochs SET seq = 4, hash = (SELECT encode(sha256(encoded), 'hex') FROM facts WHERE epoch = '$1' AND seq = 4) WHERE epoch = '$1'`,
		}, "broken at 5: it is missing: the run after it names it", false},
		{"truncate the newest run and its count", []string{
			`DELETE FROM facts WHERE epoch = '$2' AND seq = 2`,
			`UPDATE gate_epochs SET seq = 1, hash = (SELECT encode(sha256(encoded), 'hex') FROM facts WHERE epoch = '$2' AND seq = 1) WHERE epoch = '$2'`,
		}, "broken at 2: it is missing: the published head is 2", true},
		{
			"the newest run altogether",
			[]string{`DELETE FROM facts WHERE epoch = '$2'`, `DELETE FROM gate_epochs WHERE epoch = '$2'`},
			"the whole run is missing", true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := cloudtest.NewSite(t, nil)
			first, second := twoRuns(t, s)
			args := []string{"facts", "verify", "--database", s.URL}
			var heads []string
			for line := range strings.Lines(must(t, "facts", "head", "--database", s.URL)) {
				heads = append(heads, "--head", strings.TrimSpace(line))
			}
			if out := must(t, append(args, heads...)...); !strings.Contains(out, "whole: 7 of them") || len(heads) != 4 {
				t.Fatalf("before: %v %s", heads, out)
			}
			var statements []string
			for _, statement := range test.attack {
				statements = append(statements, strings.NewReplacer("$1", string(first.Epoch), "$2", string(second.Epoch)).Replace(statement))
			}
			attack(t, s, statements...)
			code, out, errs := try(t.Context(), args...)
			if test.head != (code == 0) || code != 0 && (code != 1 || !strings.Contains(out, test.says) || errs == "") {
				t.Errorf("without heads: %d %s %s", code, out, errs)
			}
			code, out, errs = try(t.Context(), append(args, heads...)...)
			if code != 1 || !strings.Contains(out, "broken at") || test.head && !strings.Contains(out, test.says) || errs == "" {
				t.Errorf("with heads: %d %s %s", code, out, errs)
			}
		})
	}
}

// What lies in quarantine was counted, and carries the chain; the cloud's own
// facts are verified as a gate's.
func TestFactsVerifyTakesQuarantineAndTheCloudsOwn(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	g := s.Enrol(t, "N")
	g.Fact(t, parking.KindStarted, cloudtest.Noon, parking.Started{Version: "1", Machine: "m"})
	g.Fact(t, "of_tomorrow", cloudtest.Noon, struct{}{})
	g.In(t, cloudtest.Noon, "30A12345", "N01")
	chained(t, g, 0, "")
	bring(t, s, g)
	must(t, "user", "role", "lan", "none", "--database", s.URL)
	must(t, "user", "role", "lan", "guard", "--database", s.URL)
	var said struct {
		OK    bool
		Facts int
	}
	if out := must(t, "facts", "verify", "--database", s.URL, "--json"); json.Unmarshal([]byte(out), &said) != nil || !said.OK || said.Facts != 6 {
		t.Errorf("verify: %s", out)
	}
}

// Ending and changing a role are facts, so that what somebody does afterwards
// at a gate that is cut off is flagged.
func TestRolesAreFacts(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	rights := func() (n int) {
		if err := s.Store.Pool.QueryRow(context.Background(), `SELECT count(*) FROM facts WHERE kind = 'right'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	must(t, "user", "role", "lan", "none", "--database", s.URL)
	must(t, "user", "role", "lan", "none", "--database", s.URL) // as it is
	if out := must(t, "user", "list", "--database", s.URL); strings.Contains(out, "lan ") || rights() != 1 {
		t.Errorf("%d rights: %s", rights(), out)
	}
	g := s.Enrol(t, "N") // does not know
	g.In(t, cloudtest.Noon.AddDate(10, 0, 0), "30A12345", "N01")
	bring(t, s, g)
	var open int
	if err := s.Store.Pool.QueryRow(t.Context(), `SELECT count(*) FROM conflicts WHERE kind = 'rights' AND state = 'open'`).Scan(&open); err != nil || open != 1 {
		t.Errorf("%d conflicts about rights, %v", open, err)
	}
	must(t, "user", "role", "lan", "admin", "--database", s.URL)
	if out := must(t, "user", "list", "--database", s.URL); !strings.Contains(out, "admin  ") || rights() != 2 {
		t.Errorf("%d rights: %s", rights(), out)
	}
	for _, test := range []struct {
		args []string
		code int
	}{{[]string{"user", "role", "admin", "guard"}, 0}, {[]string{"user", "role", "lan", "guard"}, 1}, {[]string{"user", "role", "nobody", "guard"}, 1}, {[]string{"user", "role", "lan", "king"}, 2}} {
		if code, _, errs := try(t.Context(), append(test.args, "--database", s.URL)...); code != test.code || (errs == "") != (code == 0) {
			t.Errorf("%v: %d %s", test.args, code, errs)
		}
	}
}
