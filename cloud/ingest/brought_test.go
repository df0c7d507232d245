package ingest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"gatehouse/cloud/ingest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// What counts is who signed a fact, not who brought it: a gate of the site may
// carry another's batches, and the feed and snapshots say how far each gate's
// facts are in the state.
func TestAnyGateMayBringWhatAnotherSigned(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	n := s.Enrol(t, "N")
	south := s.Enrol(t, "S")
	stay := n.In(t, cloudtest.Noon, "30A12345", "N07")
	by := ingest.Source{Site: s.ID, Gate: south.Code}
	a, err := ingester(s).Ingest(t.Context(), by, cloudtest.Raw(t, n.Batch(t, n.Facts)), cloudtest.Noon)
	if err != nil || a.Seq != 1 || !slices.Equal(a.Outcomes, []wire.Outcome{wire.Applied}) {
		t.Fatalf("brought by another: %+v, %v", a, err)
	}
	if a := bringAll(t, s, n); !slices.Equal(a.Outcomes, []wire.Outcome{wire.Duplicate}) {
		t.Errorf("brought by itself then: %+v", a)
	}
	forged := n.Batch(t, n.Facts)
	forged.Sign(south.Key)
	if _, err := ingester(s).Ingest(t.Context(), by, cloudtest.Raw(t, forged), cloudtest.Noon); parking.ErrorCode(err) != parking.Forbidden {
		t.Errorf("signed by who brought it: %v", err)
	}
	snap := snapshot(t, s)
	if got := stayOf(t, snap, stay); got.InGate != "N" || got.State != parking.Inside {
		t.Errorf("the stay is %+v", got)
	}
	want := wire.Covered{Gate: "N", Epoch: n.Epoch, Seq: 1}
	if !slices.Contains(snap.Covers, want) {
		t.Errorf("the snapshot covers %+v", snap.Covers)
	}
}

// Keys are told with the site: a gate that is enrolled again has a new one, and
// what the machine before signed is taken up to then, without a person; what was
// signed with its key later waits. A revoked gate's facts wait, those after the
// revocation are not taken.
func TestKeysOverTime(t *testing.T) {
	t.Parallel()
	now := cloudtest.Noon
	s := cloudtest.NewSite(t, func() time.Time { return now })
	old := s.Enrol(t, "N")
	by := s.Enrol(t, "S")
	before := old.In(t, now.Add(-time.Hour), "30A12345", "N07")
	late := old.In(t, now.Add(time.Hour), "30A54321", "N08")
	fresh := s.Enrol(t, "N") // another machine
	keys := snapshot(t, s).Config.Keys
	if len(keys) != 3 || keys[0].Gate != "N" || keys[0].Until == nil || keys[0].Revoked || keys[1].Until != nil || keys[2].Gate != "S" {
		t.Fatalf("keys: %+v", keys)
	}
	in := func(g *cloudtest.Gate, facts []parking.Fact) (wire.BatchAnswer, error) {
		return ingester(s).Ingest(t.Context(), ingest.Source{Site: s.ID, Gate: by.Code}, cloudtest.Raw(t, g.Batch(t, facts)), now)
	}
	if a, err := in(old, old.Facts); err != nil || !slices.Equal(a.Outcomes, []wire.Outcome{wire.Applied, wire.Quarantined}) {
		t.Fatalf("of the machine before: %+v, %v", a, err)
	}
	snap := snapshot(t, s)
	if stayOf(t, snap, before).State != parking.Inside || slices.ContainsFunc(snap.Stays, func(o parking.Stay) bool { return o.ID == late }) {
		t.Error("what the machine before signed is not what counts")
	}
	fresh.In(t, now, "30A77777", "N09")
	if a, err := in(fresh, fresh.Facts); err != nil || a.Outcomes[0] != wire.Applied {
		t.Fatalf("of the new machine: %+v, %v", a, err)
	}

	fresh.In(t, now.Add(time.Minute), "30A88888", "N10")
	fresh.In(t, now.Add(2*time.Hour), "30A99999", "N11")
	now = now.Add(time.Hour)
	feed := snapshot(t, s).FeedSeq
	if err := s.Auth.RevokeGate(t.Context(), s.Operator(t), "N"); err != nil {
		t.Fatal(err)
	}
	snap = snapshot(t, s)
	if k := snap.Config.Keys[1]; !k.Revoked || k.Until == nil || snap.FeedSeq != feed+1 {
		t.Errorf("after the revocation, at %d: %+v", snap.FeedSeq, k)
	}
	if a, err := in(fresh, fresh.Facts[1:]); err != nil || a.Seq != 2 || !slices.Equal(a.Outcomes, []wire.Outcome{wire.Quarantined}) {
		t.Errorf("up to the revocation: %+v, %v", a, err)
	}
	if _, err := in(fresh, fresh.Facts[2:]); parking.ErrorCode(err) != parking.Forbidden {
		t.Errorf("after the revocation: %v", err)
	}
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in(cloudtest.NewGate(s.ID, "W", foreign), fresh.Facts[:1]); parking.ErrorCode(err) != parking.Forbidden {
		t.Errorf("of a gate that was never enrolled: %v", err)
	}
}
