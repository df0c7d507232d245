package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/cloud/seed"
	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// asks is an administrator's program.
type asks struct {
	r     *rig
	token string
}

func (r *rig) program() *asks {
	r.t.Helper()
	a := &asks{r: r}
	who := r.people["admin"]
	var answer wire.TokenAnswer
	a.send(http.MethodPost, "/api/v1/login", "application/json", wire.LoginRequest{Site: seed.SiteCode, Name: who.Name, Password: who.Password}, http.StatusOK, &answer)
	a.token = answer.Token
	return a
}

// send asks the cloud's API; a body that is no string is sent as JSON.
func (a *asks) send(method, path, kind string, body any, want int, into any) {
	a.r.t.Helper()
	raw, isText := body.(string)
	text := []byte(raw)
	if !isText {
		var err error
		if text, err = json.Marshal(body); err != nil {
			a.r.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(a.r.t.Context(), method, a.r.url()+path, bytes.NewReader(text))
	if err != nil {
		a.r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer "+a.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.r.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	var said bytes.Buffer
	if _, err := said.ReadFrom(res.Body); err != nil {
		a.r.t.Fatal(err)
	}
	if res.StatusCode != want {
		a.r.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, said.String())
	}
	if into != nil {
		if err := json.Unmarshal(said.Bytes(), into); err != nil {
			a.r.t.Fatal(err)
		}
	}
}

func (a *asks) put(path string, body any) {
	a.r.t.Helper()
	a.send(http.MethodPut, path, "application/json", body, map[bool]int{true: http.StatusOK, false: http.StatusNoContent}[strings.HasPrefix(path, "/api/v1/passes/")], nil)
}

// drives lets a vehicle in at a gate by its plate.
func drives(t *testing.T, n *gate.Node, plate string) (lane.Subject, parking.Stay) {
	t.Helper()
	id, err := n.Desk().Arrive(t.Context(), "1", lane.Arrival{Plate: plate})
	if err != nil {
		t.Fatal(err)
	}
	s := *at(n, "1")
	stay, err := n.Desk().AcceptIn(t.Context(), "1", id)
	if err != nil {
		t.Fatal(err)
	}
	return s, stay
}

// leaves lets it out, and says what it paid.
func leaves(t *testing.T, n *gate.Node, plate string) (parking.Money, parking.Stay) {
	t.Helper()
	id, err := n.Desk().Arrive(t.Context(), "2", lane.Arrival{Plate: plate})
	if err != nil {
		t.Fatal(err)
	}
	due := at(n, "2").Due
	stay, err := n.Desk().PayCash(t.Context(), "2", id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return due, stay
}

// An administrator's program makes a pass, a list of cards longer than a page,
// and blocks a vehicle. Both gates know it all, and while the cloud is away they
// let a vehicle in on the pass and out for nothing. Each of them lets one in on
// the pass's only place, since it cannot know of the other: the cloud finds the
// later, and that one pays, at the gate as in the books.
func TestAPassFromTheOfficeToTheBooks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	north, south := r.plainGate(t.TempDir(), r.gateCode("N"), "lan"), r.plainGate(t.TempDir(), r.gateCode("S"), "minh")
	t.Cleanup(func() { closeNodes(t, north, south) })
	both := []*gate.Node{north, south}
	office := r.program()
	today := r.clock.Now().In(time.FixedZone("+7", 7*60*60))
	pass := map[string]any{
		"plates": []string{"30A-123.45", "30A-678.90"}, "places": 1, "from": today.Format(time.DateOnly), "until": today.AddDate(0, 0, 2).Format(time.DateOnly),
		"holder": map[string]string{"name": "Ông Ba"},
	}
	office.put("/api/v1/passes/T-01", pass)
	office.put("/api/v1/passes/T-01", pass) // once more is nothing more
	office.put("/api/v1/vehicles", map[string]any{"plate": "51F-666.66", "blocked": true, "note": "owes"})
	var cards strings.Builder
	cards.WriteString("number\n")
	for i := range wire.ListPage + 200 {
		fmt.Fprintf(&cards, "%06d\n", i)
	}
	for range 2 {
		office.send(http.MethodPost, "/api/v1/imports/cards", "text/csv", cards.String(), http.StatusOK, nil)
	}
	last := fmt.Sprintf("%06d", wire.ListPage+199)
	office.put("/api/v1/cards", map[string]string{"number": last, "state": "blocked", "reason": "found in the street"})
	wait(t, "both gates to know passes, cards and plates", func() bool {
		return !slices.ContainsFunc(both, func(n *gate.Node) bool {
			l := n.State().Site().Lists
			state, err := n.State().Card(t.Context(), last)
			return err != nil || !l.Whole || state != "blocked" || len(l.Pass("T-01")) != 1 || l.Listed("51F66666", r.clock.Now()) == nil
		})
	})
	if n := r.count(`SELECT count(*) FROM facts WHERE kind IN ('pass', 'token', 'block')`); n != wire.ListPage+200+3 {
		t.Errorf("%d facts", n)
	}

	r.killCloud()
	s, stay := drives(t, north, "30A-123.45")
	if s.Pass == nil || s.Pass.State != parking.PassCovers || s.Pass.DaysLeft != 2 || stay.Pass != "T-01" {
		t.Fatalf("at the entry: %+v", s.Pass)
	}
	r.clock.Forward(3 * time.Hour)
	if paid, stay := leaves(t, north, "30A-123.45"); paid != 0 || stay.Charge.Lines[0].Code != parking.LinePass {
		t.Fatalf("paid %d: %+v", paid, stay.Charge)
	}
	r.clock.Forward(time.Minute)
	drives(t, north, "30A-123.45")
	r.clock.Forward(time.Minute)
	_, second := drives(t, south, "30A-678.90") // on the same place
	if second.Pass != "T-01" {
		t.Fatal("the other gate knows better than it can")
	}
	r.startCloud()
	wait(t, "the conflict to be at both gates", func() bool {
		return north.State().Site().PassRefused(second.ID) && south.State().Site().PassRefused(second.ID)
	})
	r.clock.Forward(2*time.Hour + 30*time.Minute)
	if paid, _ := leaves(t, south, "30A-678.90"); paid == 0 {
		t.Error("the later one left for nothing")
	}
	if paid, _ := leaves(t, north, "30A-123.45"); paid != 0 {
		t.Errorf("the earlier one paid %d", paid)
	}
	wait(t, "everything to be in the books", func() bool { return r.count(`SELECT count(*) FROM transactions WHERE state = 'left'`) == 3 })
	r.mustHaveOpen("pass_places")
	if n := r.count(`SELECT count(*) FROM transactions WHERE pass = 'T-01' AND fee = 0`); n != 2 {
		t.Errorf("%d stays cost nothing", n)
	}
}
