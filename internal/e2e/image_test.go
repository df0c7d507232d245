package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// imageOf copies the disk of a gate that does not run.
func imageOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	// The keys of a gate are for its owner alone, and a copy of a folder is not.
	err := filepath.WalkDir(to, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// traffic is what goes through the lanes of some nodes, and what the drivers
// know of it.
type traffic struct {
	r          *rig
	paid       parking.Money
	references []string
	inside     []parking.Stay
	ins, outs  int
}

// in lets a new vehicle in at a node.
func (f *traffic) in(n *gate.Node) parking.Stay {
	f.r.t.Helper()
	plate := fmt.Sprintf("30A%05d", f.ins)
	passed, err := n.Desk().In(f.r.t.Context(), lane.InRequest{Lane: "1", Plate: plate, Class: parking.Car})
	if err != nil {
		f.r.t.Fatal(err)
	}
	f.ins++
	f.inside = append(f.inside, passed.Stay)
	return passed.Stay
}

// out lets the vehicle that is longest inside out at a node: every second asks
// for a transfer before it pays in cash.
func (f *traffic) out(n *gate.Node) {
	f.r.t.Helper()
	stay := f.inside[0]
	wait(f.r.t, "the gate to know the vehicle", func() bool { _, ok := n.State().Site().Stay(stay.ID); return ok })
	f.r.clock.Forward(10 * time.Minute)
	if f.outs%2 == 0 {
		asked, err := n.Desk().Out(f.r.t.Context(), lane.OutRequest{Lane: "2", Stay: stay.ID, Method: parking.QR})
		if err != nil || !asked.Paying {
			f.r.t.Fatalf("%+v, %v", asked, err)
		}
		f.references = append(f.references, asked.Reference)
	}
	left, err := n.Desk().Out(f.r.t.Context(), lane.OutRequest{Lane: "2", Stay: stay.ID, Method: parking.Cash})
	if err != nil {
		f.r.t.Fatal(err)
	}
	f.paid += left.Stay.PaidSum()
	f.inside, f.outs = f.inside[1:], f.outs+1
}

// visits lets n vehicles in and half as many out.
func (f *traffic) visits(n int, nodes ...*gate.Node) {
	for i := range n {
		f.in(nodes[i%len(nodes)])
		if i%2 == 1 {
			f.out(nodes[(i/2)%len(nodes)])
		}
	}
}

// mustBeWhole waits until the nodes have sent everything and compares the
// cloud with what the drivers know.
func (f *traffic) mustBeWhole(nodes ...*gate.Node) {
	t, r := f.r.t, f.r
	t.Helper()
	var gates []*linked
	for _, n := range nodes {
		gates = append(gates, &linked{state: n.State()})
	}
	wait(t, "everything to be sent", func() bool {
		return !slices.ContainsFunc(nodes, func(n *gate.Node) bool { return n.Link().State != lane.Online || n.State().Waiting() > 0 })
	})
	r.same(gates...)
	for what, c := range map[string]struct {
		want  int64
		query string
	}{
		"stays":           {int64(f.ins), "SELECT count(*) FROM transactions WHERE state <> 'voided'"},
		"stays inside":    {int64(len(f.inside)), "SELECT count(*) FROM transactions WHERE state = 'inside'"},
		"money":           {int64(f.paid), "SELECT coalesce(sum(amount), 0)::bigint FROM payments WHERE status = 'paid'"},
		"facts not twice": {0, "SELECT count(*) - count(DISTINCT (gate, epoch, seq)) FROM facts"},
		"holes":           {0, "SELECT count(*) FROM gate_epochs e WHERE seq <> (SELECT count(*) FROM facts f WHERE (f.gate, f.epoch) = (e.gate, e.epoch))"},
	} {
		if got := r.count(c.query); got != c.want {
			t.Errorf("%s at the cloud: %d, want %d", what, got, c.want)
		}
	}
	slices.Sort(f.references)
	if len(slices.Compact(slices.Clone(f.references))) != len(f.references) {
		t.Errorf("a reference was shown twice: %v", f.references)
	}
}

// mustHaveOpen checks that exactly these kinds of conflicts are open. slot_twice
// may be open too: two machines that are one gate hand out the same home slots,
// and an image that is cut off does not know which were taken since.
func (r *rig) mustHaveOpen(kinds ...string) {
	r.t.Helper()
	var got []string
	rows, err := r.cloud.Store.Pool.Query(r.t.Context(), "SELECT DISTINCT kind FROM conflicts WHERE state = 'open' ORDER BY 1")
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			r.t.Fatal(err)
		}
		got = append(got, kind)
	}
	got = slices.DeleteFunc(got, func(kind string) bool { return kind == "slot_twice" })
	if err := rows.Err(); err != nil || !slices.Equal(got, kinds) {
		r.t.Errorf("open conflicts %v, want %v (%v)", got, kinds, err)
	}
}

func warns(n *gate.Node, code string) bool {
	return slices.ContainsFunc(n.State().Troubles(), func(t state.Trouble) bool { return t.Code == code })
}

// Gate N is put back to last night's image of its disk, at first with the line
// cut. The lane works at once; a vehicle that the image does not know leaves as
// unknown, and finds its entry once the line is back. Nothing is missing,
// nothing is there twice, and gate and cloud say what has happened.
func TestAGateRestoredFromLastNightsImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := &traffic{r: r}
	dir := t.TempDir()
	north, south := r.plainGate(dir, r.gateCode("N"), "lan"), r.plainGate(t.TempDir(), r.gateCode("S"), "minh")
	defer func() { closeNodes(t, north, south) }()
	f.visits(6, north, south)
	f.mustBeWhole(north, south)
	closeNodes(t, north)
	night := imageOf(t, dir)

	north = r.plainGate(dir, "", "lan")
	f.visits(8, north, south) // the day that the image does not know
	late := f.in(north)
	f.mustBeWhole(north, south)
	closeNodes(t, north)
	held := r.count("SELECT count(*) FROM facts WHERE gate = 'N'")
	address := r.addr
	r.killCloud()

	north = r.plainGate(night, "", "lan")
	f.in(north)
	subject, err := north.Desk().Arrive(t.Context(), "2", lane.Arrival{Plate: string(late.Plate), Class: parking.Car})
	if err != nil {
		t.Fatal(err)
	}
	if err := north.Desk().OutUnknown(t.Context(), "2", subject, "not in the list", 5000, parking.Cash); err != nil {
		t.Fatal(err)
	}
	f.paid += 5000
	f.inside = slices.DeleteFunc(f.inside, func(s parking.Stay) bool { return s.ID == late.ID })

	if r.addr != address {
		t.Fatal("the cloud comes back elsewhere")
	}
	r.startCloud()
	wait(t, "the gate to say that its disk is an old one", func() bool { return warns(north, state.TroubleRolledBack) })
	f.visits(6, north, south)
	f.mustBeWhole(north, south)
	r.mustHaveOpen("gate_rolled_back")
	if now := r.count("SELECT count(*) FROM facts WHERE gate = 'N'"); now <= held {
		t.Errorf("%d facts of gate N, %d before the image came", now, held)
	}
	t.Logf("%d stays, %d paid, %d references", f.ins, f.paid, len(f.references))
}

// Two machines run from one image of gate N, both under traffic. All that both
// did counts, once; the second and the cloud say that there are two.
func TestTwoMachinesFromOneImage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := &traffic{r: r}
	dir := t.TempDir()
	first := r.plainGate(dir, r.gateCode("N"), "lan")
	f.visits(4, first)
	f.mustBeWhole(first)
	closeNodes(t, first)
	clone := imageOf(t, dir)

	first = r.plainGate(dir, "", "lan")
	second := r.plainGate(clone, "", "lan")
	defer func() { closeNodes(t, first, second) }()
	f.visits(12, first, second)
	wait(t, "a machine to say that there is another", func() bool {
		return warns(first, state.TroubleCloned) || warns(second, state.TroubleCloned)
	})
	f.mustBeWhole(first, second)
	r.mustHaveOpen("gate_cloned")
}

func closeNodes(t *testing.T, nodes ...*gate.Node) {
	t.Helper()
	for _, n := range nodes {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
