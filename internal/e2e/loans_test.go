package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/seed"
	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/store/storetest"
	"gatehouse/parking"
)

// plainGate starts gate code on a data folder without cameras and without the
// vision worker, and signs guard in. once is "" for a folder that is enrolled.
func (r *rig) plainGate(dir, once, guard string) *gate.Node {
	r.t.Helper()
	n, err := gate.Open(r.t.Context(), gate.Config{
		Disk: storetest.Roomy, DataDir: dir, CloudURL: r.url(), Code: once, Version: "test", Wall: r.clock.Now, Mono: r.clock.Mono, FirstWait: patience,
		Barriers: map[string]string{"1": "sim:"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	who := r.people[guard]
	if err := n.Desk().SignIn(r.t.Context(), who.Name, who.Password); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) gateCode(code string) string {
	r.t.Helper()
	operator, err := r.cloud.Auth.Operator(r.t.Context(), seed.SiteCode)
	if err != nil {
		r.t.Fatal(err)
	}
	once, _, err := r.cloud.Auth.NewGateCode(r.t.Context(), auth.Principal{
		Kind: auth.KindUser, Tenant: operator.Tenant, Site: operator.Site, SiteCode: operator.SiteCode, Name: "admin", Role: auth.RoleAdmin,
	}, code)
	if err != nil {
		r.t.Fatal(err)
	}
	return once
}

// mayOffer lists the free slots that a gate may hand out.
func mayOffer(n *gate.Node) []string {
	site := n.State().Site()
	var out []string
	for _, s := range site.Slots {
		if s.State == parking.SlotFree && site.MayOffer(s.Code) {
			out = append(out, s.Code)
		}
	}
	return out
}

func slotAt(n *gate.Node, code string) parking.Slot {
	s, _ := n.State().Site().Slot(code)
	return s
}

// Gate S, short of slots, is lent some by N, with a real cloud between. The
// line is cut, N is started again, and both let cars in where they are offered
// until nothing is offered any more: no slot is taken twice. When the line is
// back, the cloud finds no conflict, S gives back what it borrowed, and a
// change of home holds once the old home has agreed.
func TestTwoGatesNeverOfferOneSlot(t *testing.T) {
	t.Parallel()
	seedOf := uint64(1)
	if v := os.Getenv("PARK_SEED"); v != "" {
		var err error
		if seedOf, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(seedOf, 8))
	r := newRig(t)
	// N has six slots, S one, E and W nobody.
	if _, err := r.cloud.Store.Pool.Exec(t.Context(), `UPDATE slots SET out_of_service = true
		WHERE code NOT IN ('N01', 'N02', 'N03', 'N04', 'N05', 'N06', 'S08')`); err != nil {
		t.Fatal(err)
	}
	folder := map[string]string{"N": t.TempDir(), "S": t.TempDir()}
	north, south := r.plainGate(folder["N"], r.gateCode("N"), "lan"), r.plainGate(folder["S"], r.gateCode("S"), "minh")
	t.Cleanup(func() {
		for _, n := range []*gate.Node{north, south} {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	var borrowed []string
	wait(t, "S to be lent a slot", func() bool {
		borrowed = slices.DeleteFunc(mayOffer(south), func(code string) bool { return code == "S08" })
		return len(borrowed) == 1
	})
	if slices.Contains(mayOffer(north), borrowed[0]) || slotAt(north, borrowed[0]).Home != "N" {
		t.Fatalf("%s is lent to S, and N offers %v", borrowed[0], mayOffer(north))
	}
	if got := r.count("SELECT count(*) FROM slots WHERE loan_to = 'S' AND code = $1", borrowed[0]); got != 1 {
		t.Errorf("in Postgres %d slots are lent to S", got)
	}

	r.killCloud()
	wait(t, "both gates to be cut off", func() bool {
		return north.Link().State == lane.Offline && south.Link().State == lane.Offline
	})
	if err := north.Close(); err != nil { // what is lent survives a restart
		t.Fatal(err)
	}
	north = r.plainGate(folder["N"], "", "lan")
	in := map[string]string{}
	vehicles := 0
	comes := func(n *gate.Node) (offered bool) {
		vehicles++
		passed, err := n.Desk().In(t.Context(), lane.InRequest{Lane: "1", Plate: fmt.Sprintf("30A%05d", 10000+vehicles), Class: parking.Car})
		if err != nil {
			t.Fatal(err)
		}
		slot, who := passed.Stay.Slot, n.State().Gate()
		if slot == "" {
			return false
		}
		if before, taken := in[slot]; taken {
			t.Errorf("PARK_SEED=%d: %s is offered at %s and was taken at %s", seedOf, slot, who, before)
		}
		in[slot] = who
		return true
	}
	left := []*gate.Node{north, south}
	for len(left) > 0 {
		i := rng.IntN(len(left))
		if !comes(left[i]) {
			left = slices.Delete(left, i, i+1)
		}
	}
	if len(in) != 7 || in[borrowed[0]] != "S" || in["S08"] != "S" {
		t.Errorf("taken: %v", in)
	}

	r.startCloud()
	wait(t, "the queues to be empty", func() bool { return north.Link().Queue == 0 && south.Link().Queue == 0 })
	wait(t, "S to have given back what it borrowed", func() bool {
		return r.count("SELECT count(*) FROM slots WHERE loan_to IS NOT NULL") == 0
	})
	wait(t, "N to know what stands in its slot", func() bool {
		s := slotAt(north, borrowed[0])
		return s.State == parking.SlotOccupied && !s.Loan.Open()
	})
	if got := r.count("SELECT count(*) FROM conflicts WHERE kind = 'slot_twice'"); got != 0 {
		t.Errorf("%d slots were taken twice", got)
	}

	// N01 shall be a home slot of S: N has to agree, and a slot that is taken it keeps.
	if _, err := r.cloud.Store.Pool.Exec(t.Context(), "UPDATE slots SET home_wanted = 'S' WHERE code = 'N01'"); err != nil {
		t.Fatal(err)
	}
	stay := slotAt(north, "N01").Stay
	if slotAt(north, "N01").Home != "N" {
		t.Fatal("the home changed while a vehicle of the old home stood there")
	}
	if err := north.Desk().Void(t.Context(), stay, "it was a test"); err != nil {
		t.Fatal(err)
	}
	wait(t, "the home to change", func() bool { return slotAt(north, "N01").Home == "S" && slotAt(south, "N01").Home == "S" })
	wait(t, "S to offer its new home slot", func() bool { return slices.Contains(mayOffer(south), "N01") })
	if slices.Contains(mayOffer(north), "N01") {
		t.Error("the old home offers it, too")
	}
}
