package gate_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/localapi"
	"gatehouse/gate/neighbour"
	"gatehouse/gate/state"
	"gatehouse/gate/store/storetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// fiveLanes gives gate S three lanes more.
func fiveLanes(snap *wire.Snapshot) {
	for _, code := range []string{"3", "4", "5"} {
		snap.Config.Lanes = append(snap.Config.Lanes, parking.Lane{Code: code, Gate: "S", Direction: parking.In, Class: parking.Car, Barrier: true})
	}
}

// alone starts gate N, which has heard what stands at the lanes of gate S.
func alone(t *testing.T, heard state.Devices) (*gate.Node, gate.Config) {
	t.Helper()
	cfg := gate.Config{
		Disk: storetest.Roomy, DataDir: known(t, fiveLanes), Barriers: map[string]string{"1": "sim:", "2": "sim:"}, Listen: "127.0.0.1:0", Version: "test",
	}
	n := open(t, cfg)
	if err := n.State().HearDevices(t.Context(), "S", heard); err != nil {
		t.Fatal(err)
	}
	return n, cfg
}

func open(t *testing.T, cfg gate.Config) *gate.Node {
	t.Helper()
	n, err := gate.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func lanesOf(n *gate.Node) string {
	var out []string
	for _, l := range n.Desk().View().Lanes {
		out = append(out, l.Lane.Code)
	}
	return strings.Join(out, " ")
}

// What cannot be taken over is refused with a sentence, and changes nothing.
func TestLanesThatAreNotTaken(t *testing.T) {
	n, _ := alone(t, state.Devices{Barriers: map[string]string{"1": "sim:"}})
	facts := n.State().Waiting()
	for name, c := range map[string]struct {
		ask  lane.TakeRequest
		code parking.Code
		says string
	}{
		"itself":            {lane.TakeRequest{Gate: "N"}, parking.Invalid, "its own"},
		"no gate":           {lane.TakeRequest{Gate: "Q"}, parking.NotFound, "no gate"},
		"seven lanes":       {lane.TakeRequest{Gate: "S"}, parking.Conflict, "would run 7 lanes, and a gate runs at most 6"},
		"no lane":           {lane.TakeRequest{Gate: "S", Lanes: []string{"S/9"}}, parking.NotFound, `no lane "S/9"`},
		"another's lane":    {lane.TakeRequest{Gate: "S", Lanes: []string{"E/1"}}, parking.NotFound, "E/1"},
		"nothing heard":     {lane.TakeRequest{Gate: "E"}, parking.NotFound, "--barrier E/1="},
		"a strange device":  {lane.TakeRequest{Gate: "E", Devices: state.Devices{Barriers: map[string]string{"E/1": "rope"}}}, parking.Invalid, "barrier"},
		"its own device":    {lane.TakeRequest{Gate: "E", Devices: state.Devices{Barriers: map[string]string{"1": "sim:"}}}, parking.Invalid, "E/1"},
		"a strange role":    {lane.TakeRequest{Gate: "E", Devices: state.Devices{Cameras: map[string]string{"E/1/back": "sim:"}}}, parking.Invalid, "camera"},
		"a camera too many": {lane.TakeRequest{Gate: "E", Devices: state.Devices{Cameras: map[string]string{"E/1": "sim:", "E/1/plate": "sim:"}}}, parking.Invalid, "Two cameras"},
		"a long spec":       {lane.TakeRequest{Gate: "E", Devices: state.Devices{Barriers: map[string]string{"E/1": strings.Repeat("x", 2000)}}}, parking.Invalid, "bytes"},
	} {
		if _, err := n.TakeLanes(lane.WithActor(t.Context(), "lan"), c.ask); parking.ErrorCode(err) != c.code || !strings.Contains(parking.ErrorMessage(err), c.says) {
			t.Errorf("%s: %v (%s)", name, err, parking.ErrorCode(err))
		}
	}
	if _, err := n.TakeLanes(t.Context(), lane.TakeRequest{Gate: "S", Lanes: []string{"1"}}); parking.ErrorCode(err) != parking.Unauthorized {
		t.Errorf("by nobody: %v", err)
	}
	if _, err := n.GiveLanes(lane.WithActor(t.Context(), "lan"), "S", false); parking.ErrorCode(err) != parking.NotFound {
		t.Errorf("given back although not taken: %v", err)
	}
	if got := lanesOf(n); got != "1 2" || n.State().Waiting() != facts || len(n.State().Taken()) != 0 {
		t.Errorf("lanes %s, %d facts more", got, n.State().Waiting()-facts)
	}
}

// What a dead gate's machine alone reached is left out and said; cameras and
// sensors are at their lanes, whose names have a slash; all of it is there after
// a restart, and gone when it is given back.
func TestDevicesOfTakenLanes(t *testing.T) {
	n, cfg := alone(t, state.Devices{
		Barriers: map[string]string{"1": "sim:", "2": "http://10.9.9.9/open?key=s3cret", "3": "http://localhost/open"},
		Cameras:  map[string]string{"1": "sim:", "1/face": "sim:?seed=2", "1/overview": "folder:/srv/cam", "2": "folder:/srv/cam"},
		Sensors:  map[string]string{"1/arrival": "sim:", "1/passage": "api:", "2/arrival": "motion:"},
		Readers:  map[string]string{"1": "serial:/dev/ttyS0", "2": "sim:"},
		Printers: map[string]string{"1": "file:/dev/usb/lp0"},
		Tickets:  map[string]string{"1": "car"},
	})
	ctx := lane.WithActor(t.Context(), "lan")
	done, err := n.TakeLanes(ctx, lane.TakeRequest{Gate: "S", Lanes: []string{"1", "S/2"}})
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(done.Notes, "\n")
	for _, left := range []string{"camera of lane S/1/overview", "camera of lane S/2 ", "card reader of lane S/1", "printer of lane S/1"} {
		if !strings.Contains(notes, left) {
			t.Errorf("nothing is said of the %s: %s", left, notes)
		}
	}
	if len(done.Notes) != 4 || strings.Contains(notes, "s3cret") {
		t.Errorf("notes: %s", notes)
	}
	if _, err := n.TakeLanes(ctx, lane.TakeRequest{Gate: "S", Lanes: []string{"3"}}); parking.ErrorCode(err) != parking.Conflict {
		t.Errorf("taken twice: %v", err)
	}
	look := func(when string) {
		t.Helper()
		if got := lanesOf(n); got != "1 2 S/1 S/2" {
			t.Fatalf("%s: lanes %s", when, got)
		}
		v := n.Desk().View()
		first, second := v.Lanes[2], v.Lanes[3]
		if !first.Camera.OK || first.Sensor == nil || !first.SeesPassages || first.Printer != nil || second.Camera.OK || second.Sensor != nil {
			t.Errorf("%s: %+v\n%+v", when, first, second)
		}
		if len(v.Taken) != 1 || v.Taken[0].By != "lan" || fmt.Sprint(v.Taken[0].Lanes) != "[S/1 S/2]" {
			t.Errorf("%s: %+v", when, v.Taken)
		}
	}
	look("taken")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = open(t, cfg)
	look("after a restart")

	if _, err := n.Desk().Arrive(ctx, "S/1", lane.Arrival{Plate: "30A12345"}); err != nil {
		t.Fatal(err)
	}
	wait(t, "the lane's camera to have taken it", func() bool {
		lv := n.Desk().View().Lanes[2]
		return lv.Subject != nil && lv.Subject.Stage != lane.Arrived && lv.PictureN > 0
	})
	in, err := n.Desk().In(ctx, lane.InRequest{Lane: "S/1", Plate: "30A12345"})
	if err != nil || in.Stay.InGate != "N" || in.Stay.InLane != "S/1" || len(in.Stay.InPhotos) == 0 {
		t.Fatalf("in: %+v, %v", in, err)
	}
	if _, err := n.GiveLanes(ctx, "S", false); parking.ErrorCode(err) != parking.Conflict || !strings.Contains(parking.ErrorMessage(err), "30A-123.45 is at lane S/1") {
		t.Errorf("given back while a vehicle stands there: %v", err)
	}
	if err := n.Desk().Passage(ctx, "S/1", lane.PassageReport{Source: lane.SourceLoop}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.GiveLanes(ctx, "S", false); err != nil {
		t.Fatal(err)
	}
	if got := lanesOf(n); got != "1 2" {
		t.Errorf("given back: lanes %s", got)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = open(t, cfg)
	if got := lanesOf(n); got != "1 2" {
		t.Errorf("given back, after a restart: lanes %s", got)
	}
	recent := ""
	for _, e := range n.State().Recent(200) {
		if e.Kind == parking.KindAlarm {
			recent += e.Actor + ": " + e.Text + "\n"
		}
	}
	if want := "lan: Gate N has given lanes S/1, S/2 back to gate S.\nlan: Gate N has taken over lanes S/1, S/2 of gate S.\n"; recent != want {
		t.Errorf("alarms:\n%s", recent)
	}
}

// A vehicle on the loop of a lane that is taken over is sensed, a card there is
// read, and after it was given back neither says anything any more.
func TestSensorsAndReadersOfTakenLanes(t *testing.T) {
	n, _ := alone(t, state.Devices{})
	address := listenForReader(t)
	ctx := lane.WithActor(t.Context(), "lan")
	specs := state.Devices{
		Barriers: map[string]string{"S/1": "sim:"}, Readers: map[string]string{"S/1": "tcp:" + address.Addr().String()},
	}
	if _, err := n.TakeLanes(ctx, lane.TakeRequest{Gate: "S", Lanes: []string{"1"}, Devices: specs}); err != nil {
		t.Fatal(err)
	}
	conn, err := address.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("0042\n")); err != nil {
		t.Fatal(err)
	}
	wait(t, "the card to be read", func() bool {
		tap := n.Desk().View().Lanes[2].Tap
		return tap != nil && tap.Token == "0042"
	})
	if _, err := n.GiveLanes(ctx, "S", true); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil { // until the gate hangs up
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func listenForReader(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A gate without the cloud that writes new things now and then is at work; what
// somebody else brings of a dead one all at once is not.
func TestAGateThatWritesIsAtWork(t *testing.T) {
	clock := &lanetest.Clock{}
	cfg := gate.Config{
		Disk: storetest.Roomy, DataDir: known(t), Barriers: map[string]string{"1": "sim:", "2": "sim:"}, Version: "test", Wall: clock.Wall, Mono: clock.Mono,
		NeighbourTiming: neighbour.Timing{Hello: 5 * time.Millisecond},
	}
	n := open(t, cfg)
	ctx := lane.WithActor(t.Context(), "lan")
	request := lane.TakeRequest{Gate: "S", Devices: state.Devices{Barriers: map[string]string{"S/1": "sim:"}}}
	epoch := parking.NewEpoch(1, [8]byte{1})
	feed := n.State().Site().FeedSeq
	cover := func(seq int64) {
		t.Helper()
		feed++
		delta := wire.Delta{FeedSeq: feed, Covers: []wire.Covered{{Gate: "S", Epoch: epoch, Seq: seq}}}
		if err := n.State().ApplyDeltas(t.Context(), delta); err != nil {
			t.Fatal(err)
		}
	}
	refused := func() bool {
		_, err := n.TakeLanes(ctx, request)
		if err != nil {
			return strings.Contains(parking.ErrorMessage(err), "Gate S wrote something")
		}
		if _, err := n.GiveLanes(ctx, "S", true); err != nil {
			t.Fatal(err)
		}
		return false
	}
	shared := func() bool {
		for _, s := range n.State().Troubles() {
			if s.Code == state.TroubleLanesShared {
				return true
			}
		}
		return false
	}
	cover(1)
	wait(t, "the gate to have looked", func() bool { cover(n.State().Held()["S"][epoch] + 1); return refused() })
	wait(t, "it to be dead after three minutes without a word", func() bool {
		clock.Pass(3 * time.Minute) // what was told just before may be looked at only now
		_, err := n.TakeLanes(ctx, request)
		return err == nil
	})
	clock.Pass(time.Minute)
	cover(100)
	wait(t, "the gate to say that S is at work again", func() bool {
		clock.Pass(time.Second) // it goes on writing
		cover(n.State().Held()["S"][epoch] + 1)
		return shared()
	})
	wait(t, "that to be over", func() bool {
		clock.Pass(3 * time.Minute)
		return !shared()
	})
}

// The command's request, from end to end.
func TestTakeByTheLocalAPI(t *testing.T) {
	n, cfg := alone(t, state.Devices{Barriers: map[string]string{"1": "sim:"}})
	token, err := localapi.Token(cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(context.Background(), method, "http://"+n.LocalAddr()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(answer)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PUT", "/v1/taken/S", `{"devices":{"barrier":{}}}`, 400, "barrier"},
		{"PUT", "/v1/taken/S", `{}`, 409, "7 lanes"},
		{"PUT", "/v1/taken/S", `{"lanes":["S/1"],"actor":"lan\u0000"}`, 400, "actor"},
		{"PUT", "/v1/taken/S", `{"lanes":["S/1"],"actor":"lan"}`, 200, `"lanes":["S/1"]`},
		{"GET", "/v1/status", "", 200, `"taken":[{"gate":"S","lanes":["S/1"]`},
		{"GET", "/v1/lanes/S%2F1", "", 200, `"code":"S/1"`},
		{"POST", "/v1/lanes/S%2F1/arrive", `{"plate":"30A12345"}`, 200, "subject"},
		{"POST", "/v1/in", `{"lane":"S/1","plate":"30A12345"}`, 200, `"in_lane":"S/1"`},
		{"DELETE", "/v1/taken/E?actor=lan", "", 404, "does not run"},
		{"DELETE", "/v1/taken/S?actor=lan&force=1", "", 200, `"lanes":["S/1"]`},
		{"GET", "/v1/lanes/S%2F1", "", 404, "no lane"},
	} {
		if status, answer := ask(c.method, c.path, c.body); status != c.status || !strings.Contains(answer, c.says) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, status, answer)
		}
	}
}
