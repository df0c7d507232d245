package main

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/vision"
)

// A lane goes on while its real worker is killed or stands still: the plate is
// typed, the reason is told, and the next vehicle is read by a new worker.
func TestALaneGoesOnWithoutItsWorker(t *testing.T) {
	t.Parallel()
	self := visionCommand(t)
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	client := vision.NewClient(vision.Config{
		Path: env, Args: []string{asVision + "=1", self.Path, "serve"}, ReadTimeout: 2 * time.Second, Backoff: time.Millisecond,
	})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	b := lanetest.New(t, lanetest.Options{Setup: func(c *lane.Config) { c.Vision = client }})
	isUp := func() bool { return client.Status().State == vision.StateUp }
	letIn := func(lane, plate string) {
		t.Helper()
		s := b.Subject(lane)
		if err := b.Desk.Correct(t.Context(), lane, s.ID, plate, ""); err != nil {
			t.Fatal(err)
		}
		if stay, err := b.Desk.AcceptIn(t.Context(), lane, s.ID); err != nil || string(stay.Plate) != strings.NewReplacer("-", "", ".", "").Replace(plate) {
			t.Fatalf("%+v, %v", stay, err)
		}
	}
	vehicles := []string{"30A-123.45", "51F-678.90", "29C-246.80"}
	for i, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
		b.Until("the worker is up", isUp)
		if err := syscall.Kill(client.Status().PID, signal); err != nil {
			t.Fatal(err)
		}
		if s := b.Arrive("1", lane.Arrival{}); s.Reading.Outcome == vision.OutcomeRead && signal == syscall.SIGSTOP {
			t.Errorf("a worker that stands still has read %+v", s.Reading)
		}
		letIn("1", vehicles[i])
		b.Until("another worker", func() bool { return isUp() && client.Status().Restarts > i })
	}
	plate := vehicles[2]
	s := b.Arrive("1", lane.Arrival{Plate: plate})
	if got, err := client.Read(t.Context(), b.Lane("1").Picture, "vn"); err != nil || got.Outcome == "" {
		t.Errorf("the new worker: %+v, %v", got, err)
	}
	if s.Plate == "" {
		t.Errorf("the next vehicle: %+v", s)
	}
}
