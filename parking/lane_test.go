package parking_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// A lane is named by its code, or by its gate's and its own.
func TestValidLane(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 32)
	for _, good := range []string{"1", "6", "N/1", "GATE-2/out_1", long + "/" + long} {
		if err := parking.ValidLane(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "/", "N/", "/1", "N/1/face", "N//1", "N/ 1", "../1", "N/1\x00", long + "a/1", "N/" + long + "a"} {
		if parking.ErrorCode(parking.ValidLane(bad)) != parking.Invalid {
			t.Errorf("%q is a lane", bad)
		}
	}
	if gate, code := parking.SplitLane(parking.LaneOf("N", "1")); gate != "N" || code != "1" {
		t.Errorf("%q %q", gate, code)
	}
	if gate, code := parking.SplitLane("1"); gate != "" || code != "1" {
		t.Errorf("%q %q", gate, code)
	}
}

// Facts of a lane that another gate has taken over are read, and others are not.
func TestFactsOfATakenLane(t *testing.T) {
	t.Parallel()
	for lane, ok := range map[string]bool{"1": true, "N/1": true, "N/1/2": false, "": false, "N/": false} {
		for kind, body := range map[parking.Kind]any{
			parking.KindVehicleIn:        parking.VehicleIn{Stay: uuid.New(), Lane: lane, Class: parking.Car, Plate: "30A12345", Zone: "N", Tariff: "default", TariffV: 1},
			parking.KindVehicleBackedOut: parking.VehicleBackedOut{Stay: uuid.New(), Lane: lane, Of: uuid.New()},
			parking.KindLaneChanged:      parking.LaneChanged{Lane: lane, Direction: parking.Out},
		} {
			raw, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parking.DecodeBody(parking.Fact{Kind: kind, Body: raw}); (err == nil) != ok {
				t.Errorf("%s at lane %q: %v", kind, lane, err)
			}
		}
	}
}
