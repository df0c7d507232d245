package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// Whoever waits for a site's lock is told to come again, and a transaction that
// sits idle with it, because its replica hangs, is ended by the server.
func TestAStuckTransactionEnds(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	open := func(limits string) *store.Store {
		sep := "?"
		if strings.Contains(s.URL, "?") {
			sep = "&"
		}
		st, err := store.Open(t.Context(), s.URL+sep+limits)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		return st
	}
	stuck, other := open("idle_in_transaction_session_timeout=3000"), open("lock_timeout=100")
	for _, want := range []struct{ name, value string }{{"lock_timeout", "100ms"}, {"statement_timeout", "1min"}, {"idle_in_transaction_session_timeout", "30s"}} {
		if got := one[string](t, other, "SELECT current_setting($1)", want.name); got != want.value {
			t.Errorf("%s is %s, want %s", want.name, got, want.value)
		}
	}
	held, ended := make(chan struct{}), make(chan error, 1)
	release := make(chan struct{})
	go func() {
		ended <- stuck.SiteTx(context.Background(), s.ID, func(tx *store.SiteTx) error {
			close(held)
			<-release
			_, err := tx.Q.Incarnation(context.Background())
			return err
		})
	}()
	<-held
	nothing := func(*store.SiteTx) error { return nil }
	err := other.SiteTx(t.Context(), s.ID, nothing)
	if parking.ErrorCode(err) != parking.Unavailable || !strings.Contains(parking.ErrorMessage(err), "Try again") {
		t.Errorf("waiting for the lock gave %v", err)
	}
	for deadline := time.Now().Add(30 * time.Second); other.SiteTx(t.Context(), s.ID, nothing) != nil; {
		if time.Now().After(deadline) {
			t.Fatal("the stuck transaction holds the site for ever")
		}
	}
	close(release)
	if err := <-ended; err == nil {
		t.Error("the stuck transaction does not know that it was ended")
	}
	err = s.Store.Tx(t.Context(), func(_ *cloudsql.Queries, tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL statement_timeout = '50ms'"); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), "SELECT pg_sleep(30)")
		return err
	})
	if parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("a statement that takes too long gave %v", err)
	}
}

// A database that was copied or loaded from a dump is another one, and the
// first who connects says so; one that only was restarted or opened again is
// the same.
func TestACopyIsAnotherIncarnation(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	incarnation := func(st *store.Store) uuid.UUID { return one[uuid.UUID](t, st, "SELECT id FROM incarnation") }
	first := incarnation(s.Store)
	again, err := store.Open(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if incarnation(again) != first {
		t.Error("opening it again made it another")
	}
	// What a restore leaves: the same rows on other ground.
	do(t, s.Store, "UPDATE incarnation SET ground = regexp_replace(ground, '/[0-9]+$', '/1')")
	again.Close()
	if again, err = store.Open(t.Context(), s.URL); err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	second := incarnation(again)
	if second == first {
		t.Fatal("a copy was taken for the original")
	}
	// A database from before grounds were written down is taken as it is.
	do(t, s.Store, "UPDATE incarnation SET ground = ''")
	again.Pool.Reset()
	if incarnation(again) != second || one[string](t, again, "SELECT ground FROM incarnation") == "" {
		t.Error("an older database was taken for a copy, or its ground is not written down")
	}
	renewed, err := again.RenewIncarnation(t.Context(), second)
	if err != nil || renewed == second || incarnation(s.Store) != renewed {
		t.Fatalf("renew: %s %v", renewed, err)
	}
	if same, err := again.RenewIncarnation(t.Context(), second); err != nil || same != renewed {
		t.Errorf("two that renew the same are one: %s %v", same, err)
	}
}
