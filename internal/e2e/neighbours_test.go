package e2e

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/neighbour"
	"gatehouse/gate/state"
	"gatehouse/gate/store/storetest"
	"gatehouse/gate/uplink"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// nearGate starts gate code with a port for neighbours; peers are addresses of
// others by gate.
func (r *rig) nearGate(code, guard string, peers map[string]string) *gate.Node {
	r.t.Helper()
	n, err := gate.Open(r.t.Context(), gate.Config{
		Disk: storetest.Roomy, DataDir: r.t.TempDir(), CloudURL: r.url(), Code: r.gateCode(code), Version: "test", Wall: r.clock.Now, Mono: r.clock.Mono,
		FirstWait: patience, Barriers: map[string]string{"1": "sim:", "2": "sim:"}, NeighbourListen: "127.0.0.1:0", Neighbours: peers,
		NeighbourTiming: neighbour.Timing{Hello: 200 * time.Millisecond, BackoffBase: 10 * time.Millisecond, BackoffCap: 200 * time.Millisecond},
		Timing:          uplink.Timing{BackoffBase: 10 * time.Millisecond, BackoffCap: 500 * time.Millisecond, Carry: time.Second},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := n.Close(); err != nil {
			r.t.Error(err)
		}
	})
	who := r.people[guard]
	if err := n.Desk().SignIn(r.t.Context(), who.Name, who.Password); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// threeNear are three gates of which each finds the others, and the internet is
// cut once they have.
func (r *rig) threeNear() []*gate.Node {
	r.t.Helper()
	north := r.nearGate("N", "lan", nil)
	south := r.nearGate("S", "lan", map[string]string{"N": north.NeighbourAddr()})
	west := r.nearGate("W", "lan", map[string]string{"N": north.NeighbourAddr(), "S": south.NeighbourAddr()})
	gates := []*gate.Node{north, south, west}
	for _, n := range gates {
		wait(r.t, "gate "+n.State().Gate()+" to hear its neighbours", func() bool {
			heard, all := lane.HeardOf(n.Desk().View().Neighbours)
			return heard == 2 && all == 3
		})
	}
	return gates
}

func (r *rig) cutInternet(gates []*gate.Node) {
	r.t.Helper()
	r.killCloud()
	for _, n := range gates {
		wait(r.t, "gate "+n.State().Gate()+" to be cut off", func() bool { return n.Link().State == lane.Offline })
	}
}

// liar has the key of gate E and tells the others what it likes.
type liar struct {
	site   uuid.UUID
	key    ed25519.PrivateKey
	client *http.Client
}

func (r *rig) newLiar() *liar {
	r.t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.cloud.Auth.Enrol(r.t.Context(), wire.EnrolRequest{Code: r.gateCode("E"), PublicKey: public, Machine: "m", Version: "x"}); err != nil {
		r.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		r.t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, //nolint:gosec // a test's
	}}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &liar{site: r.site, key: key, client: &http.Client{Transport: transport, Timeout: patience}}
}

// tell sends a gate a batch and returns the answer's status.
func (l *liar) tell(ctx context.Context, to string, b *wire.Batch) (int, error) {
	doc, err := json.Marshal(b)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+to+"/neighbour/v1/facts", bytes.NewReader(doc))
	if err != nil {
		return 0, err
	}
	res, err := l.client.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// lie makes, of what gate of really wrote, batches that it never signed: an
// altered fact, a false signature, facts under other numbers, the liar's own key.
func (l *liar) lie(of *gate.Node, nth int) (*wire.Batch, error) {
	real, _, err := of.State().NextFor(context.Background(), state.Held{}, nil)
	if err != nil || real == nil {
		return nil, err
	}
	b := *real
	b.ID = uuid.New()
	b.Items = slices.Clone(real.Items)
	b.Items = b.Items[:min(len(b.Items), 4)]
	switch nth % 4 {
	case 0:
		b.Sign(l.key) // the facts are true, but not the liar's to sign
	case 1:
		b.Signature = make([]byte, ed25519.SignatureSize)
	case 2:
		altered := bytes.Replace(b.Items[0].Encoded, []byte(`"seq":1`), []byte(`"seq":9`), 1)
		b.Items[0] = wire.NewItem(b.Items[0].ID, altered)
		b.Sign(l.key)
	default:
		b.Gate = "E" // replayed as its own
		b.Sign(l.key)
	}
	return &b, nil
}

// The internet is cut while the gates of the site still reach each other, and a
// fourth, which has a key, lies to them all the time. Vehicles come in at one gate
// and leave at another: none is unknown, nothing that the liar said is applied,
// and every gate says that it lies. When the line is back the cloud finds nothing
// to settle, and books, gates and money are the same. PARK_EXITS sets how many.
func TestExitsAtOtherGatesWhileTheInternetIsCut(t *testing.T) {
	t.Parallel()
	exits := 50
	if v := os.Getenv("PARK_EXITS"); v != "" {
		var err error
		if exits, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	r := newRig(t)
	l := r.newLiar()
	gates := r.threeNear()
	r.cutInternet(gates)

	ctx, stop := context.WithCancel(t.Context())
	var lying sync.WaitGroup
	refused := 0
	lying.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			to, of := gates[i%3], gates[(i+1)%3]
			b, err := l.lie(of, i/3)
			if err != nil || b == nil {
				continue
			}
			status, err := l.tell(ctx, to.NeighbourAddr(), b)
			if ctx.Err() != nil {
				return
			}
			if err != nil || status != http.StatusForbidden && status != http.StatusTooManyRequests {
				t.Errorf("lie %d to %s: %d, %v", i, to.State().Gate(), status, err)
				return
			}
			refused++
			timer := time.NewTimer(20 * time.Millisecond) // it lies, it does not drown
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
			timer.Stop()
		}
	})
	defer func() { stop(); lying.Wait() }()

	var money parking.Money
	for i := range exits {
		at, leaves := gates[i%3], gates[(i+1)%3]
		plate := fmt.Sprintf("30A%05d", 10000+i)
		in, err := at.Desk().In(t.Context(), lane.InRequest{Lane: "1", Plate: plate, Class: parking.Car})
		if err != nil {
			t.Fatal(err)
		}
		wait(t, "the other gate to know "+plate, func() bool { _, ok := leaves.State().Site().Stay(in.Stay.ID); return ok })
		out, err := leaves.Desk().Out(t.Context(), lane.OutRequest{Lane: "2", Plate: plate, Method: parking.Cash})
		if err != nil {
			t.Fatalf("%s leaves at %s: %v", plate, leaves.State().Gate(), err)
		}
		if out.Stay.ID != in.Stay.ID || out.Stay.Unknown() {
			t.Errorf("%s: the exit is unknown: %+v", plate, out.Stay)
		}
		money += out.Stay.Charge.Fee
		wait(t, "the gate of the entry to know that it left", func() bool { _, ok := at.State().Site().Stay(in.Stay.ID); return !ok })
	}
	wait(t, "every gate to say that E lies", func() bool {
		return !slices.ContainsFunc(gates, func(n *gate.Node) bool {
			return !slices.ContainsFunc(n.State().Troubles(), func(s state.Trouble) bool { return s.Code == state.TroubleNeighbourLies })
		})
	})
	stop()
	lying.Wait()
	t.Logf("%d exits, %d lies refused", exits, refused)
	for _, n := range gates {
		if got := n.State().Held()["E"]; len(got) > 0 {
			t.Errorf("gate %s has heard %v of E", n.State().Gate(), got)
		}
	}

	r.startCloud()
	r.healed(gates)
	for what, want := range map[string]int64{
		"SELECT count(*) FROM transactions":                                                         int64(exits),
		"SELECT count(*) FROM transactions WHERE in_at IS NOT NULL AND out_at IS NOT NULL":          int64(exits),
		"SELECT count(*) FROM conflicts WHERE state = 'open'":                                       0,
		"SELECT count(*) FROM quarantine":                                                           0,
		"SELECT coalesce(sum(amount), 0)::bigint FROM payments WHERE status = 'paid'":               int64(money),
		"SELECT count(*) FROM facts WHERE kind = 'alarm' AND gate IN ('N', 'S', 'W')":               3,
		"SELECT count(*) FROM facts WHERE gate = 'E'":                                               0,
		"SELECT count(*) FROM (SELECT FROM processed_events GROUP BY id HAVING count(*) > 1) twice": 0,
	} {
		if got := r.count(what); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
}

// healed waits until every gate has everything, and compares them with the cloud.
func (r *rig) healed(gates []*gate.Node) {
	r.t.Helper()
	for _, n := range gates {
		var diff string
		wait(r.t, "gate "+n.State().Gate()+" to be up to date", func() bool {
			if n.State().Waiting() > 0 || n.Link().State == lane.Offline {
				return false
			}
			snap, err := r.cloud.Store.Snapshot(r.t.Context(), r.site, n.State().Gate(), r.clock.Now())
			if err != nil {
				r.t.Fatal(err)
			}
			if n.State().Site().FeedSeq != snap.FeedSeq {
				return false
			}
			diff = cmp.Diff(document(snap.Slots), document(n.State().Site().Slots))
			inside := slices.DeleteFunc(snap.Stays, func(s parking.Stay) bool { return s.State != parking.Inside })
			if len(inside) != len(n.State().Site().Inside) {
				diff += fmt.Sprintf("%d inside, the cloud says %d", len(n.State().Site().Inside), len(inside))
			}
			return diff == ""
		})
		if diff != "" {
			r.t.Errorf("gate %s and the cloud differ: %s", n.State().Gate(), diff)
		}
	}
}

// A gate dies while the internet is cut, and its disk with it. What a neighbour
// has heard of it reaches the cloud by the neighbour, as the dead gate signed it.
func TestADeadGatesFactsReachTheCloudByANeighbour(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	gates := r.threeNear()
	r.cutInternet(gates)
	north, south, west := gates[0], gates[1], gates[2]
	in, err := north.Desk().In(t.Context(), lane.InRequest{Lane: "1", Plate: "30A12345", Class: parking.Car})
	if err != nil {
		t.Fatal(err)
	}
	knows := func(n *gate.Node) bool { _, ok := n.State().Site().Stay(in.Stay.ID); return ok }
	wait(t, "a neighbour to have heard it", func() bool { return knows(south) && knows(west) })
	epoch, held := north.State().Epoch(), south.State().Held()
	if err := north.Close(); err != nil { // and it never comes back
		t.Fatal(err)
	}
	last := held.Of(state.Strand{Gate: "N", Epoch: epoch})
	r.startCloud()
	wait(t, "the cloud to know the vehicle", func() bool {
		return r.count("SELECT count(*) FROM transactions WHERE id = $1 AND state = 'inside' AND in_gate = 'N'", in.Stay.ID) == 1
	})
	wait(t, "the cloud to hold all that was heard of the dead gate", func() bool {
		return r.count("SELECT coalesce(max(seq), 0) FROM gate_epochs WHERE gate = 'N' AND epoch = $1", string(epoch)) >= last
	})
	wait(t, "the dead gate not to be heard", func() bool {
		heard, _ := lane.HeardOf(south.Desk().View().Neighbours)
		return heard == 1
	})
	r.healed(gates[1:])
	out, err := west.Desk().Out(t.Context(), lane.OutRequest{Lane: "2", Plate: "30A12345", Method: parking.Cash})
	if err != nil || out.Stay.ID != in.Stay.ID {
		t.Errorf("the vehicle leaves: %+v, %v", out.Stay, err)
	}
	if got := r.count("SELECT count(*) FROM quarantine"); got != 0 {
		t.Errorf("%d items in quarantine", got)
	}
}
