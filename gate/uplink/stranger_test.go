package uplink_test

import (
	"net/http"
	"testing"
)

// A login page keeps hold of the connections that it has answered on, also
// after somebody has signed in. Facts do not wait for it: they go over new ones.
func TestFactsLeaveALoginPagesConnections(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	held := map[string]bool{} // by the gate's address
	pages := 0
	c.onRequest(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/facts" {
			return false
		}
		if pages == 0 {
			held[r.RemoteAddr] = true
		}
		if held[r.RemoteAddr] {
			pages++
			html(w)
			return true
		}
		return false
	})
	g.in("30A11111")
	g.run()
	g.untilSynced()
	c.locked(func() {
		if pages == 0 || pages > 3 {
			t.Errorf("the login page answered %d times", pages)
		}
	})
}
