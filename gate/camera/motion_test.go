package camera_test

import (
	"testing"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/parking"
)

// A vehicle is seen within two pictures of coming and of going, by day and by
// night; noise, the clock in the corner and the lamps are none.
func TestMotionSeesVehicles(t *testing.T) {
	t.Parallel()
	for _, light := range []camera.Light{camera.LightDay, camera.LightNight} {
		t.Run(string(light), func(t *testing.T) {
			t.Parallel()
			s := newSimulator(t, 7, light)
			now := noon
			s.Now = func() time.Time { now = now.Add(time.Second); return now }
			var m camera.Motion
			wantThere(t, &m, s, 6, false, "an empty lane")
			for _, class := range []parking.Class{parking.Car, parking.Motorbike, parking.Bicycle} {
				s.Arrive("30A12345", class)
				wantThere(t, &m, s, 1, false, "one picture of a "+string(class))
				wantThere(t, &m, s, 4, true, "a "+string(class))
				s.Leave()
				wantThere(t, &m, s, 1, true, "one picture without the "+string(class))
				wantThere(t, &m, s, 3, false, "the lane after the "+string(class))
			}
		})
	}
}

func wantThere(t *testing.T, m *camera.Motion, s *camera.Simulator, pictures int, want bool, what string) {
	t.Helper()
	for i := range pictures {
		got, err := m.See(frameOf(t, s))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("picture %d of %s: there %v", i+1, what, got)
		}
	}
}

func TestMotionIsNotTheLight(t *testing.T) {
	t.Parallel()
	s := newSimulator(t, 7, camera.LightAuto)
	hour := 17
	s.Now = func() time.Time { return time.Date(2026, 11, 22, hour, 59, 0, 0, time.UTC) }
	var m camera.Motion
	wantThere(t, &m, s, 3, false, "the afternoon")
	hour = 18 // the simulated lamp goes on from one picture to the next
	wantThere(t, &m, s, 3, false, "the evening")
	s.Arrive("30A12345", parking.Car)
	wantThere(t, &m, s, 1, false, "one picture of a car")
	wantThere(t, &m, s, 1, true, "a car in the evening")
	if _, err := m.See([]byte("no picture")); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("what is no picture: %v", err)
	}
	wantThere(t, &m, s, 1, true, "the same car")
}
