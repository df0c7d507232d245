package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
)

// Statements are kept between transactions: one that failed, one that was
// rolled back, readers beside the writer and a disk that was full leave them
// as good as before.
func TestStatementsOutliveTheirTransactions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t, t.TempDir(), store.Options{})
	errNo := errors.New("no")
	for i := range 3 {
		value := fmt.Sprint(i)
		err := s.Tx(ctx, func(q *gatesql.Queries) error {
			if err := q.SetSetting(ctx, gatesql.SetSettingParams{Name: "a", Value: "lost"}); err != nil {
				return err
			}
			return errNo
		})
		if !errors.Is(err, errNo) {
			t.Fatalf("rolled back: %v", err)
		}
		given, cancel := context.WithCancel(ctx)
		err = s.Tx(ctx, func(q *gatesql.Queries) error {
			cancel()
			return q.SetSetting(given, gatesql.SetSettingParams{Name: "a", Value: "cancelled"})
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled: %v", err)
		}
		if err := s.SetSetting(ctx, "a", value); err != nil {
			t.Fatalf("set: %v", err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got, err := s.Setting(ctx, "a"); err != nil || got != value {
					t.Errorf("got %q, %v, want %q", got, err, value)
				}
			})
		}
		all.Wait()
	}
}

// BenchmarkSetting reads one row, as a gate does many times for each vehicle:
// with the statement kept, and with it made anew each time.
func BenchmarkSetting(b *testing.B) {
	s, err := store.Open(b.Context(), b.TempDir(), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a benchmark's
	if err := s.SetSetting(b.Context(), "a", "1"); err != nil {
		b.Fatal(err)
	}
	b.Run("statement=kept", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Setting(b.Context(), "a"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("statement=anew", func(b *testing.B) {
		q := s.ReadUnprepared()
		for b.Loop() {
			if _, err := q.Setting(b.Context(), "a"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What a change of the feed covers of what was heard is found by an index: the
// rows stay for weeks, nearly all of them covered.
func TestCoveringReadsOnlyWhatIsNotCovered(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), store.Options{})
	for _, table := range []string{
		"heard_batches SET covered = 1 WHERE gate = 'N' AND epoch = 'e' AND last_seq <= 9 AND covered = 0",
		"heard_facts SET covered = 1 WHERE gate = 'N' AND epoch = 'e' AND seq <= 9 AND covered = 0",
	} {
		var id, parent, unused int
		var how string
		if err := s.Writer().QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN UPDATE "+table).Scan(&id, &parent, &unused, &how); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(how, "heard_batches_uncovered") && !strings.Contains(how, "heard_facts_overlay") {
			t.Errorf("UPDATE %s: %s", table, how)
		}
	}
}
