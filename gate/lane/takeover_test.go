package lane_test

import (
	"context"
	"testing"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// The key of a device is cut where what it is there begins: the lane of another
// gate has a slash of its own.
func TestCutKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string][2]string{
		"1": {"1", ""}, "1/face": {"1", "face"}, "N/1": {"N/1", ""}, "N/1/face": {"N/1", "face"}, "N/1/back": {"N/1/back", ""},
	} {
		if code, role := lane.CutKey(key, "plate", "face"); code != want[0] || role != want[1] {
			t.Errorf("%s: %q %q", key, code, role)
		}
	}
}

// Who stands on the loop of a lane when it is taken over is there at once, with
// the pictures of that lane's cameras; who passes is seen; and after the lane was
// given back its sensors say nothing any more.
func TestALaneIsTakenWithWhoStandsThere(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true})
	arrival, passage, barrier := device.NewSensorSimulator(), device.NewSensorSimulator(), device.NewSimulator()
	face, err := camera.NewSimulator(3, camera.LightDay)
	if err != nil {
		t.Fatal(err)
	}
	arrival.Set(true)
	equipment := lane.Equipment{
		Barriers: map[string]device.Barrier{"S/1": barrier}, Cameras: map[string]camera.Source{"S/1/face": face},
		Sensors: map[string]device.Sensor{"S/1/arrival": arrival, "S/1/passage": passage},
	}
	take := func() {
		t.Helper()
		err := b.Desk.TakeLanes(t.Context(), "S", equipment, func(ctx context.Context, actor string) error {
			return b.State.TakeLanes(ctx, state.Taken{Gate: "S", Lanes: []string{"1"}, By: actor}, "S is dead.")
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	take()
	b.Until("the vehicle on the loop is there", func() bool { return b.Lane("S/1").Subject != nil && b.Lane("S/1").PictureN > 0 })
	if err := b.Desk.Correct(t.Context(), "S/1", b.Subject("S/1").ID, "30A12345", "seen"); err != nil {
		t.Fatal(err)
	}
	stay, err := b.Desk.AcceptIn(t.Context(), "S/1", b.Subject("S/1").ID)
	if err != nil {
		t.Fatal(err)
	}
	b.Until("the barrier has opened", func() bool { return b.Subject("S/1").Stage == lane.Opened })
	if _, opened := barrier.Openings(); opened != 1 || stay.InLane != "S/1" {
		t.Errorf("opened %d times, stay in by %s", opened, stay.InLane)
	}
	give := func(force bool) error {
		return b.Desk.GiveLanes(t.Context(), "S", force, func(ctx context.Context, actor string) error {
			return b.State.GiveLanes(ctx, "S", actor, "S works.")
		})
	}
	if err := give(false); parking.ErrorCode(err) != parking.Conflict {
		t.Errorf("given back under a vehicle: %v", err)
	}
	arrival.Set(false)
	passage.Set(true)
	passage.Set(false)
	b.Until("it has passed", func() bool {
		s := b.Lane("S/1").Subject
		return s == nil || s.Stage == lane.HasPassed
	})
	// A passage is written beside the sensor's watch: it is awaited, or it would
	// be counted among what comes after.
	b.Until("its passage is on disk", func() bool { return len(passages(b)) == 1 })
	b.Until("the loop is free, and the lane can be given back", func() bool { return give(false) == nil })
	facts := b.State.Waiting()
	arrival.Set(true)
	passage.Set(true)
	passage.Set(false)
	arrival.Set(false)
	take() // what was told meanwhile is nobody's
	b.Clock.Pass(time.Minute)
	if s := b.Lane("S/1").Subject; s != nil || b.State.Waiting() != facts+1 {
		t.Errorf("after it was given back and taken again: %+v, %d facts more", s, b.State.Waiting()-facts)
	}
}
