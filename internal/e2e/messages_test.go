package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate"
	"gatehouse/internal/wire"
)

// readsOf says at which gates the cloud knows that a message was read, and by
// whom: "N lan".
func (a *asks) readsOf(id uuid.UUID) (out []string) {
	a.r.t.Helper()
	var answer struct {
		Messages []struct {
			ID    uuid.UUID
			Reads []struct{ Gate, By string }
		}
	}
	a.send(http.MethodGet, "/api/v1/messages", "application/json", "", http.StatusOK, &answer)
	for _, m := range answer.Messages {
		for _, r := range m.Reads {
			if m.ID == id {
				out = append(out, r.Gate+" "+r.By)
			}
		}
	}
	return out
}

// A message from the office comes to the gates that it is for. One reads it with
// the line, another without, and the office knows once the line is back; one that
// is withdrawn disappears.
func TestAMessageFromTheOfficeToTheGates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	north, south := r.plainGate(t.TempDir(), r.gateCode("N"), "lan"), r.plainGate(t.TempDir(), r.gateCode("S"), "minh")
	t.Cleanup(func() { closeNodes(t, north, south) })
	office := r.program()
	all, southern := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	office.put("/api/v1/messages/"+southern.String(), map[string]any{"text": "The coaches come at six.", "gates": []string{"S"}})
	for range 2 {
		office.put("/api/v1/messages/"+all.String(), map[string]any{"text": "Card 0042 was stolen."})
	}
	shows := func(n *gate.Node, want ...uuid.UUID) func() bool {
		return func() bool {
			var got []uuid.UUID
			for _, m := range n.Desk().View().Messages {
				got = append(got, m.ID)
			}
			return slices.Equal(got, want)
		}
	}
	wait(t, "N to show one message", shows(north, all))
	wait(t, "S to show two", shows(south, all, southern))
	if err := north.Desk().ReadMessage(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	wait(t, "the office to know that N has read it", func() bool { return slices.Equal(office.readsOf(all), []string{"N lan"}) })
	mark := south.State().Site().Lists.Mark()
	r.killCloud()
	if err := south.Desk().ReadMessage(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	r.startCloud()
	wait(t, "the office to know that S has, too", func() bool { return slices.Equal(office.readsOf(all), []string{"N lan", "S minh"}) })
	office.send(http.MethodDelete, "/api/v1/messages/"+southern.String(), "application/json", "", http.StatusNoContent, nil)
	wait(t, "S to show none", shows(south))
	if now := south.State().Site().Lists.Mark(); mark == (wire.ListMark{}) || now.Compare(mark) <= 0 {
		t.Errorf("the lists were at %v and are at %v", mark, now)
	}
}
