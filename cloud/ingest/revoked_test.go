package ingest_test

import (
	"slices"
	"testing"
	"time"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// What was imported of a revoked gate is left alone by the replay that a cloud
// makes when it starts, also beside what that replay does try, and is applied
// when a person asks for it.
func TestFactsOfARevokedGateWait(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n, other := s.Enrol(t, "N"), s.Enrol(t, "S")
	stay := n.In(t, cloudtest.Noon.Add(-time.Hour), "30A12345", "N01")
	if err := s.Auth.RevokeGate(t.Context(), s.Operator(t), "N"); err != nil {
		t.Fatal(err)
	}
	done, err := ingester(s).Import(t.Context(), cloudtest.Raw(t, n.Batch(t, n.Facts)), cloudtest.Noon)
	if err != nil || !slices.Equal(done.Outcomes, []wire.Outcome{wire.Quarantined}) || done.After != 0 {
		t.Fatalf("imported: %+v, %v", done, err)
	}
	// A fact of another gate that this version cannot read makes the replay look
	// at the site; another can be read by now.
	other.In(t, cloudtest.Noon, "30A54321", "N02")
	known := other.Facts[0]
	other.Fact(t, "of_tomorrow", cloudtest.Noon, struct{}{})
	err = ingester(s).TakeOlder(t.Context(), other.Batch(t, other.Facts), []parking.Kind{known.Kind}, cloudtest.Noon)
	if err != nil {
		t.Fatal(err)
	}
	waiting := func(what string, want ...string) {
		t.Helper()
		rows, err := s.Store.Q.Quarantined(t.Context(), cloudsql.QuarantinedParams{SiteID: s.ID, MaxRows: 10})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for i := range rows {
			got = append(got, rows[i].Gate)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: facts of the gates %v wait, want %v", what, got, want)
		}
	}
	waiting("as they came", "N", "S", "S")
	ingester(s).ReplayAll(t.Context(), func() time.Time { return cloudtest.Noon })
	waiting("after a start", "N", "S")
	if snap := snapshot(t, s); len(snap.Stays) != 1 || snap.Stays[0].ID == stay {
		t.Errorf("after a start there are %d stays", len(snap.Stays))
	}
	applied, left, err := ingester(s).Replay(t.Context(), s.ID, cloudtest.Noon, true)
	if err != nil || applied != 1 || left != 1 {
		t.Fatalf("when a person asks: %d applied, %d left, %v", applied, left, err)
	}
	waiting("when a person asked", "S")
	if got := stayOf(t, snapshot(t, s), stay); got.State != parking.Inside || got.Slot != "N01" || !got.Placed {
		t.Errorf("the stay is %+v", got)
	}
}
