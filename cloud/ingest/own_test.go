package ingest_test

import (
	"context"
	"log/slog"
	"testing"

	"gatehouse/cloud/ingest"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// The cloud's own facts are numbered and chained in an epoch of its own, and
// one that could not be read back is not written.
func TestTheCloudsOwnFactsChain(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	in := &ingest.Ingester{Store: s.Store, Log: slog.New(slog.DiscardHandler)}
	write := func(acts ...ingest.Act) ([]parking.Fact, error) {
		return in.Write(t.Context(), s.ID, "lan", cloudtest.Noon, func(context.Context, *store.SiteTx) ([]ingest.Act, error) {
			return acts, nil
		})
	}
	right := ingest.Act{Kind: parking.KindRight, Body: parking.RightVersion{Name: "minh", From: cloudtest.Noon}}
	first, err := write(right, right)
	if err != nil || len(first) != 3 || first[0].Kind != parking.KindStarted {
		t.Fatalf("first facts: %v, %v", first, err)
	}
	if _, err := write(ingest.Act{Kind: parking.KindRight, Body: parking.RightVersion{}}); parking.ErrorCode(err) != parking.Invalid {
		t.Fatalf("a right of nobody: %v", err)
	}
	second, err := write(right)
	if err != nil || len(second) != 1 || second[0].Seq != 4 || second[0].Epoch != first[0].Epoch {
		t.Fatalf("second facts: %v, %v", second, err)
	}
	last, err := first[2].Encode()
	if err != nil || second[0].Prev != parking.FactHash(last) {
		t.Fatalf("the chain is broken: %v", err)
	}
	if _, err := s.Store.Pool.Exec(t.Context(), "UPDATE incarnation SET id = gen_random_uuid()"); err != nil {
		t.Fatal(err)
	}
	third, err := write(right)
	if err != nil || len(third) != 2 || third[0].Epoch.Ordinal() != 2 || third[0].Seq != 1 {
		t.Fatalf("facts of a restored cloud: %v, %v", third, err)
	}
}
