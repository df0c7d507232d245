package neighbour_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse/gate/state"
)

// Each side hears what stands at the other's lanes, also the one that only is
// called, and keeps it; what is no such thing is refused.
func TestDevicesAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, "N", "S")
	north, south := s.open("N"), s.open("S")
	north.devices = &state.Devices{
		Barriers: map[string]string{"1": "http://guard:s3cret@10.0.0.9/open"}, Cameras: map[string]string{"1/face": "sim:"},
	}
	south.devices = &state.Devices{Readers: map[string]string{"2": "tcp:10.0.0.7:4001"}}
	north.join(nil)
	south.join(map[string]string{"N": north.link.Addr()})
	wait(t, "each to know the other's devices", func() bool {
		atSouth, err := south.DevicesOf(t.Context(), "N")
		atNorth, err2 := north.DevicesOf(t.Context(), "S")
		return err == nil && err2 == nil && atSouth.Barriers["1"] == "http://guard:s3cret@10.0.0.9/open" &&
			atSouth.Cameras["1/face"] == "sim:" && atNorth.Readers["2"] == "tcp:10.0.0.7:4001"
	})

	l := newLiar(t, s.keys["S"], north.link.Addr())
	hello := fmt.Sprintf(`{"gate":"S","epoch":%q,"held":{}`, south.Epoch())
	for name, more := range map[string]string{
		"a long spec":    `,"devices":{"barriers":{"1":"` + strings.Repeat("x", 1100) + `"}}`,
		"no lane":        `,"devices":{"barriers":{"":"sim:"}}`,
		"a strange lane": `,"runs":["N/1/2"]`,
		"seven lanes":    `,"runs":["N/1","N/2","N/3","N/4","N/5","N/6","W/1"]`,
	} {
		if status, text := l.says(http.MethodPost, "/neighbour/v1/hello", []byte(hello+more+"}")); status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, text := l.says(http.MethodPost, "/neighbour/v1/hello", []byte(hello+`,"runs":["W/1"]}`)); status != http.StatusOK {
		t.Errorf("a gate that runs another's lane: %d %s", status, text)
	}
}
