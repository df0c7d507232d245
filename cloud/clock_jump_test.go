package cloud_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
)

// The cloud's clock jumps by two hours. Two gates go on with the time of before:
// they agree, so the cloud is the suspect, and tells no gate its time until
// somebody sets it right.
func TestAClockThatJumpsAgainstItsGates(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	north, _ := r.dial(t, r.token(t, n))
	other, _ := r.dial(t, r.token(t, south))
	if w := greet(t, north, n, 0, uuid.Nil); w.ServerTime.IsZero() {
		t.Fatal("a welcome without the time")
	}
	greet(t, other, south, 0, uuid.Nil)
	beat := func(m *wire.Message) bool { return m.Heartbeat != nil }
	if m := hear(t, north, beat); m.Heartbeat.Time.IsZero() {
		t.Fatal("a heartbeat without the time")
	}
	c.forward(2 * time.Hour)
	suspect := false
	for deadline := time.Now().Add(30 * time.Second); !suspect && time.Now().Before(deadline); _, suspect = r.Hub.ClockSuspect() {
		for _, m := range []wire.Message{hear(t, north, beat), hear(t, other, beat)} { // hear answers as gates do
			if time.Until(m.Heartbeat.Time) > time.Hour { // one from before the jump may be on its way
				t.Fatalf("a gate was told %s", m.Heartbeat.Time)
			}
		}
	}
	if by, _ := r.Hub.ClockSuspect(); !suspect || (by-2*time.Hour).Abs() > 5*time.Second {
		t.Fatalf("suspect %v, by %s", suspect, by)
	}
	page := r.send(t, "GET", "/gates", r.login(t, s, "admin"), "", nil, "Accept-Language", "en")
	if !strings.Contains(string(page.body), " 2h0m") {
		t.Errorf("the page of the gates does not say so: %d %s", page.status, page.body)
	}
	c.forward(-2 * time.Hour)
	hear(t, north, func(m *wire.Message) bool { return m.Heartbeat != nil && !m.Heartbeat.Time.IsZero() })
	if _, suspect := r.Hub.ClockSuspect(); suspect {
		t.Error("it is still the suspect")
	}
}
