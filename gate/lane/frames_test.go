package lane_test

import (
	"context"
	"testing"

	"gatehouse/gate/camera"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
	"gatehouse/vision"
)

// Frames of one vehicle vote: one bad picture among them is outvoted, two that
// contradict leave it to the guard, and what a lane shows is what all have said.
func TestFramesOfAVehicleVote(t *testing.T) {
	t.Parallel()
	const plate, other = parking.Plate("30A12345"), parking.Plate("30A12346")
	none, sure, bad := vision.None(), lanetest.Sure(plate), lanetest.Sure(other)
	unsure := lanetest.Unsure(plate, other)
	for name, test := range map[string]struct {
		frames []vision.Reading
		plate  parking.Plate
		check  bool
		calls  int
	}{
		"two agree":             {[]vision.Reading{sure, sure, bad}, plate, false, 2},
		"first is bad":          {[]vision.Reading{bad, sure, sure, sure, sure}, plate, false, 5},
		"last is bad":           {[]vision.Reading{unsure, sure, unsure, unsure, bad}, "", true, 5},
		"first is dark":         {[]vision.Reading{none, sure, sure}, plate, false, 3},
		"one of five":           {[]vision.Reading{unsure, unsure, sure, none, unsure}, plate, false, 5},
		"none of five is sure":  {[]vision.Reading{unsure, unsure, lanetest.Unsure(other, plate), unsure, unsure}, plate, true, 5},
		"nothing is there":      {[]vision.Reading{none, none, none, sure}, "", false, 3},
		"one contradicts, once": {[]vision.Reading{sure, bad, sure, unsure, sure}, plate, false, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := lanetest.New(t, lanetest.Options{})
			b.Vision.Frames(test.frames...)
			s := b.Arrive("1", lane.Arrival{})
			if s.Plate != test.plate && test.plate != "" || s.Check != test.check {
				t.Errorf("shown: %q, to check: %t, %+v", s.Plate, s.Check, s.Reading)
			}
			if got := b.Vision.Calls(); got != test.calls {
				t.Errorf("%d frames were read", got)
			}
		})
	}
}

// A picture that was handed in, and one of a folder, is read once.
func TestAStillPictureIsReadOnce(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	frame, err := b.Cameras["1"].Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Vision.Frames(lanetest.Unsure("30A12345"), lanetest.Sure("30A12345"))
	id, err := b.Desk.Arrive(t.Context(), "1", lane.Arrival{Picture: frame.JPEG})
	if err != nil {
		t.Fatal(err)
	}
	b.Until("it is read", func() bool { s := b.Lane("1").Subject; return s != nil && s.ID == id && s.Stage != lane.Arrived })
	if s := b.Subject("1"); s.Reading.Outcome != vision.OutcomeUnsure || b.Vision.Calls() != 1 {
		t.Errorf("%d frames, %+v", b.Vision.Calls(), s.Reading)
	}
}

// A camera that is slower than the frames are asked for gives the same one again:
// it does not agree with itself.
func TestTheSameFrameHasOneVote(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true})
	b.Vision.Frames(lanetest.Unsure("30A12345"), lanetest.Sure("30A12345"))
	if s := b.Arrive("1", lane.Arrival{}); s.Reading.Outcome != vision.OutcomeUnsure || b.Vision.Calls() != 1 {
		t.Errorf("%d frames, %+v", b.Vision.Calls(), s.Reading)
	}
}

// alarmed is a camera whose pictures carry an alarm.
type alarmed struct{ camera.Source }

func (a alarmed) Frame(ctx context.Context) (camera.Frame, error) {
	frame, err := a.Source.Frame(ctx)
	frame.Alarm = "The picture looks unlike this lane: the camera was moved, or something stands before it."
	return frame, err
}

// A camera that looks moved is shown as one that is not well, and its pictures are
// taken all the same.
func TestACamerasAlarmIsShown(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Setup: func(c *lane.Config) { c.Cameras["1"] = alarmed{c.Cameras["1"]} }})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	if s := b.Arrive("1", lane.Arrival{}); s.Plate != "30A12345" {
		t.Errorf("%+v", s)
	}
	if eye := b.Lane("1").Camera; eye.OK || eye.Why == "" {
		t.Errorf("the lane's camera is shown as %+v", eye)
	}
}
