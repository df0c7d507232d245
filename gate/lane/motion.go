package lane

import (
	"context"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/parking"
)

// motionEvery is how often the picture is looked at for a vehicle: one stands
// in it for a second at least.
const motionEvery = 250 * time.Millisecond

// Motion is a camera in the place of a loop: it is active while a vehicle
// stands in the picture.
type Motion struct {
	source camera.Source
	every  time.Duration
}

// NewMotion makes a sensor of a camera. every is 0 for what is right.
func NewMotion(source camera.Source, every time.Duration) *Motion {
	if every == 0 {
		every = motionEvery
	}
	return &Motion{source, every}
}

// Watch looks at the pictures until ctx ends.
func (m *Motion) Watch(ctx context.Context, tell func(device.Signal)) {
	var detector camera.Motion
	device.Poll(ctx, m.every, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, frameTimeout)
		defer cancel()
		frame, err := m.source.Frame(ctx)
		if err == nil {
			var there bool
			if there, err = detector.See(frame.JPEG); err == nil {
				return there, nil
			}
		}
		return false, parking.Errorf(parking.Unavailable, "The camera that looks for vehicles does not deliver.")
	}, tell)
}
