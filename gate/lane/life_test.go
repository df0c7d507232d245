package lane_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// withPassages makes a bench whose lanes see who passes, told by the test.
func withPassages(t *testing.T, o lanetest.Options, slow ...*slowCamera) *lanetest.Bench {
	t.Helper()
	o.Setup = func(c *lane.Config) {
		for _, s := range slow {
			s.Source = c.Cameras["1"]
			c.Cameras["1"] = s
		}
		seen, err := device.OpenSensor("api:")
		if err != nil {
			t.Fatal(err)
		}
		c.Sensors = map[string]device.Sensor{"1/passage": seen, "2/passage": seen}
	}
	return lanetest.New(t, o)
}

func pass(t *testing.T, b *lanetest.Bench, code string) {
	t.Helper()
	if err := b.Desk.Passage(t.Context(), code, lane.PassageReport{Source: lane.SourceLoop}); err != nil {
		t.Fatal(err)
	}
}

// announce lets a device announce a vehicle with a plate.
func announce(t *testing.T, b *lanetest.Bench, code, plate string) uuid.UUID {
	t.Helper()
	id, err := b.Desk.Arrive(t.Context(), code, lane.Arrival{Device: true, Plate: plate})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// passages are the facts about passages so far, oldest first: the stay that
// each names.
func passages(b *lanetest.Bench) []uuid.UUID {
	var out []uuid.UUID
	for _, e := range slices.Backward(b.State.Recent(200)) {
		if e.Kind == parking.KindLanePassage {
			out = append(out, e.Stay)
		}
	}
	return out
}

func alarms(b *lanetest.Bench) []string {
	var out []string
	for _, e := range b.State.Recent(200) {
		if e.Kind == parking.KindAlarm {
			out = append(out, e.Text)
		}
	}
	return out
}

// Four wait in the order in which they came; acts are about the one in front;
// a passage brings the next there.
func TestVehiclesWaitInOrder(t *testing.T) {
	t.Parallel()
	b := withPassages(t, lanetest.Options{NoCamera: true, NoVision: true})
	var ids []uuid.UUID
	for _, plate := range []string{"30A00001", "30A00002", "30A00003", "30A00004"} {
		ids = append(ids, announce(t, b, "1", plate))
	}
	_, err := b.Desk.Arrive(t.Context(), "1", lane.Arrival{Device: true})
	wantCode(t, err, parking.Conflict)
	l := b.Lane("1")
	if l.Subject.ID != ids[0] || len(l.Waiting) != 3 || l.Waiting[2].ID != ids[3] || l.Waiting[0].Display != "30A-000.02" || l.Refused != 1 {
		t.Fatalf("the order: %+v", l)
	}
	_, err = b.Desk.AcceptIn(t.Context(), "1", ids[1])
	wantCode(t, err, parking.Conflict)
	slots := map[string]bool{}
	for i, id := range ids {
		stay, err := b.Desk.AcceptIn(t.Context(), "1", id)
		if err != nil || slots[stay.Slot] || stay.Slot == "" {
			t.Fatalf("vehicle %d: slot %q, %v", i, stay.Slot, err)
		}
		slots[stay.Slot] = true
		if again, err := b.Desk.AcceptIn(t.Context(), "1", id); err != nil || again.ID != stay.ID {
			t.Errorf("accepted twice: %v", err)
		}
		if _, err := b.Desk.In(t.Context(), lane.InRequest{Lane: "1", Plate: "30A00009"}); parking.ErrorCode(err) != parking.Conflict {
			t.Errorf("a call while the vehicle stands in the opening: %v", err)
		}
		b.Clock.Pass(time.Minute) // however long it takes
		pass(t, b, "1")
		if again, err := b.Desk.AcceptIn(t.Context(), "1", id); err != nil || again.ID != stay.ID {
			t.Errorf("accepted again after it passed: %v", err)
		}
		if got := passages(b); len(got) != i+1 || got[i] != stay.ID {
			t.Errorf("passages: %v", got)
		}
	}
	if s := b.Subject("1"); s.ID != ids[3] || s.Stage != lane.HasPassed {
		t.Errorf("the last one: %+v", s)
	}
	if n := kinds(b); n[parking.KindVehicleIn] != 4 || len(alarms(b)) != 0 {
		t.Errorf("facts: %v", n)
	}
	next := announce(t, b, "1", "30A00005") // who has passed gives way
	if s := b.Subject("1"); s.ID != next {
		t.Errorf("in front: %+v", s)
	}
}

// The second vehicle on one opening is an alarm with a photo, and is no longer
// offered for an act.
func TestTailgate(t *testing.T) {
	t.Parallel()
	b := withPassages(t, lanetest.Options{NoVision: true})
	first, second, third := announce(t, b, "1", "30A00001"), announce(t, b, "1", "30A00002"), announce(t, b, "1", "30A00003")
	stay, err := b.Desk.AcceptIn(t.Context(), "1", first)
	if err != nil {
		t.Fatal(err)
	}
	pass(t, b, "1")
	b.Clock.Pass(2 * time.Second)
	pass(t, b, "1")
	if got := passages(b); !slices.Equal(got, []uuid.UUID{stay.ID, uuid.Nil}) {
		t.Errorf("passages: %v", got)
	}
	if got := alarms(b); len(got) != 1 || !strings.Contains(got[0], "30A-000.02") {
		t.Errorf("alarms: %q", got)
	}
	if n := photosOf(t, b, parking.KindAlarm); n != 1 {
		t.Errorf("the alarm has %d photos", n)
	}
	_, err = b.Desk.AcceptIn(t.Context(), "1", second)
	wantCode(t, err, parking.Conflict)
	l := b.Lane("1")
	if l.Subject.ID != third || l.Alarm == "" {
		t.Errorf("the lane: %+v, %q", l.Subject, l.Alarm)
	}
	b.Clock.Pass(time.Minute)
	pass(t, b, "1") // long after: nobody opened for it, and nobody is accused
	if got := alarms(b); len(got) != 1 || len(passages(b)) != 3 || b.Lane("1").Subject != nil {
		t.Errorf("a passage without an opening: %q, %+v", got, b.Lane("1"))
	}
}

// photosOf counts the photos of the newest fact of a kind.
func photosOf(t *testing.T, b *lanetest.Bench, kind parking.Kind) int {
	t.Helper()
	rows, err := b.Store.Read().RecentFacts(t.Context(), 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, encoded := range rows {
		f, err := parking.DecodeFact(encoded)
		if err != nil {
			t.Fatal(err)
		}
		body, err := parking.DecodeBody(f)
		if err != nil {
			t.Fatal(err)
		}
		switch body := body.(type) {
		case *parking.Alarm:
			if kind == f.Kind {
				return len(body.Photos)
			}
		case *parking.LanePassage:
			if kind == f.Kind {
				return len(body.Photos)
			}
		}
	}
	return -1
}

// Sensors arm and clear a lane by themselves; a fifth that is sensed is looked
// at when it is in front.
func TestSensorsOfALane(t *testing.T) {
	t.Parallel()
	arrival, passage := device.NewSensorSimulator(), device.NewSensorSimulator()
	b := lanetest.New(t, lanetest.Options{NoVision: true, Setup: func(c *lane.Config) {
		c.Sensors = map[string]device.Sensor{"1/arrival": arrival, "1/passage": passage}
	}})
	b.Until("the desk listens", func() bool { return arrival.Watched() && passage.Watched() })
	over := func(s *device.SensorSimulator) { s.Set(true); s.Set(false) }
	for range 6 {
		over(arrival)
	}
	b.Until("six are there", func() bool { l := b.Lane("1"); return len(l.Waiting) == 3 && l.Missed == 2 })
	seen := map[uuid.UUID]bool{}
	for range 6 {
		id := b.Subject("1").ID
		if seen[id] {
			t.Fatal("the same vehicle twice")
		}
		seen[id] = true
		if err := b.Desk.Correct(t.Context(), "1", id, "30A0000"+string(rune('0'+len(seen))), ""); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Desk.AcceptIn(t.Context(), "1", id); err != nil {
			t.Fatal(err)
		}
		over(passage)
		b.Until("it has passed", func() bool { return len(passages(b)) == len(seen) })
	}
	b.Until("nobody is left", func() bool { return b.Subject("1").Stage == lane.HasPassed && len(b.Lane("1").Waiting) == 0 })
	for _, stay := range passages(b) {
		if stay == uuid.Nil {
			t.Error("a passage names no stay")
		}
	}
	// A loop that is broken stops no lane: it goes on by time, as if it had none.
	passage.Break("a digger")
	b.Until("that is shown", func() bool { l := b.Lane("1"); return !l.SeesPassages && l.Sensor != nil && !l.Sensor.OK })
	id := announce(t, b, "1", "30A00007")
	if _, err := b.Desk.AcceptIn(t.Context(), "1", id); err != nil {
		t.Fatal(err)
	}
	if next := announce(t, b, "1", "30A00008"); b.Subject("1").ID != next {
		t.Error("the lane waits for a broken loop")
	}
}

// The contact of a barrier tells that it was open, and a camera that a vehicle
// has left the picture.
func TestContactAndMotion(t *testing.T) {
	t.Parallel()
	contact := device.NewSensorSimulator()
	b := lanetest.New(t, lanetest.Options{NoVision: true, Setup: func(c *lane.Config) {
		c.Sensors = map[string]device.Sensor{
			"1/contact": contact,
			"2/passage": lane.NewMotion(c.Cameras["2"], 5*time.Millisecond),
		}
	}})
	b.Until("the desk listens", contact.Watched)
	id := announce(t, b, "1", "30A00001")
	b.Barriers["1"].Break("the answer is lost")
	stay, err := b.Desk.AcceptIn(t.Context(), "1", id)
	if err != nil || !b.Subject("1").Again {
		t.Fatalf("accepted: %v, %+v", err, b.Subject("1"))
	}
	contact.Set(true)
	b.Until("the contact has told that it is open", func() bool { s := b.Subject("1"); return s.Stage == lane.Opened && !s.Again })
	contact.Set(false)
	b.Until("it has passed", func() bool { return len(passages(b)) == 1 })
	if got := passages(b); got[0] != stay.ID {
		t.Errorf("passage: %v", got)
	}
	b.Cameras["2"].Leave()
	b.Clock.Pass(time.Hour)
	before := b.Lane("2").PictureN
	b.Until("the empty lane is learnt", func() bool {
		_, _ = b.Desk.Picture(t.Context(), "2", "")
		return b.Lane("2").PictureN > before+20
	})
	out := announce(t, b, "2", "30A00001")
	pictured := b.Lane("2").PictureN
	b.Until("the camera has seen it stand", func() bool {
		_, _ = b.Desk.Picture(t.Context(), "2", "")
		return b.Lane("2").PictureN > pictured+20
	})
	if _, err := b.Desk.PayCash(t.Context(), "2", out, 0); err != nil {
		t.Fatal(err)
	}
	b.Cameras["2"].Leave()
	b.Until("the camera has seen it go", func() bool { return b.Subject("2").Stage == lane.HasPassed && len(passages(b)) == 2 })
	if got := passages(b); got[1] != stay.ID {
		t.Errorf("passage: %v", got)
	}
}

// A vehicle that backs out was not here; at an exit it stays inside, paid.
func TestBackingOut(t *testing.T) {
	t.Parallel()
	b := withPassages(t, lanetest.Options{NoCamera: true, NoVision: true})
	id := announce(t, b, "1", "30A00001")
	wantCode(t, b.Desk.BackOut(t.Context(), "1", id, ""), parking.Conflict)
	stay, err := b.Desk.AcceptIn(t.Context(), "1", id)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // sent twice it is done once
		if err := b.Desk.BackOut(t.Context(), "1", id, "wrong car park"); err != nil {
			t.Fatal(err)
		}
	}
	if inside := b.State.Site().Inside; len(inside) != 0 || b.Lane("1").Subject != nil {
		t.Fatalf("inside: %+v", inside)
	}
	if slot, _ := b.State.Site().Slot(stay.Slot); slot.State != parking.SlotFree {
		t.Errorf("its slot: %+v", slot)
	}
	in := announce(t, b, "1", "30A00002")
	if _, err := b.Desk.AcceptIn(t.Context(), "1", in); err != nil {
		t.Fatal(err)
	}
	pass(t, b, "1")
	wantCode(t, b.Desk.BackOut(t.Context(), "1", in, ""), parking.Conflict)
	b.Clock.Pass(time.Hour)
	out := announce(t, b, "2", "30A00002")
	left, err := b.Desk.PayCash(t.Context(), "2", out, 0)
	if err != nil || left.PaidSum() != 5000 {
		t.Fatalf("left: %+v, %v", left, err)
	}
	if err := b.Desk.BackOut(t.Context(), "2", out, "no fuel"); err != nil {
		t.Fatal(err)
	}
	b.Restart()
	if s, err := b.State.Stay(t.Context(), left.ID); err != nil || s.State != parking.Inside || s.PaidSum() != 5000 || s.OutAt != nil {
		t.Fatalf("after backing out: %+v, %v", s, err)
	}
	if l := b.Lane("2"); l.Subject != nil {
		t.Errorf("shown after a start: %+v", l.Subject)
	}
	b.Clock.Pass(5 * time.Minute)
	out = announce(t, b, "2", "30A00002")
	if s := b.Subject("2"); s.Due != 0 || s.Chosen != 0 {
		t.Errorf("it comes again: %+v", s)
	}
	if _, err := b.Desk.LeaveFree(t.Context(), "2", out); err != nil {
		t.Fatal(err)
	}
	if n := kinds(b); n[parking.KindVehicleBackedOut] != 2 || n[parking.KindPaymentTaken] != 1 {
		t.Errorf("facts: %v", n)
	}
}

// A lane is turned around when nobody stands there, and stays so.
func TestDirectionChanges(t *testing.T) {
	t.Parallel()
	b := withPassages(t, lanetest.Options{NoCamera: true, NoVision: true})
	wantCode(t, b.Desk.ChangeDirection(t.Context(), "1", parking.Out, " "), parking.Invalid)
	id := announce(t, b, "1", "30A00001")
	err := b.Desk.ChangeDirection(t.Context(), "1", parking.Out, "evening")
	wantCode(t, err, parking.Conflict)
	if !strings.Contains(parking.ErrorMessage(err), "30A-000.01") {
		t.Errorf("it does not say who: %v", err)
	}
	if _, err := b.Desk.AcceptIn(t.Context(), "1", id); err != nil {
		t.Fatal(err)
	}
	wantCode(t, b.Desk.ChangeDirection(t.Context(), "1", parking.Out, "evening"), parking.Conflict)
	pass(t, b, "1")
	for range 2 { // sent twice it is done once
		if err := b.Desk.ChangeDirection(t.Context(), "1", parking.Out, "evening"); err != nil {
			t.Fatal(err)
		}
	}
	b.Restart()
	if l := b.Lane("1").Lane; l.Direction != parking.Out {
		t.Errorf("after a start: %+v", l)
	}
	b.Clock.Pass(time.Hour)
	out := announce(t, b, "1", "30A00001")
	if _, err := b.Desk.PayCash(t.Context(), "1", out, 0); err != nil {
		t.Fatal(err)
	}
	if n := kinds(b); n[parking.KindLaneChanged] != 1 {
		t.Errorf("facts: %v", n)
	}
}

// A fact names the photos of all cameras of its lane, with thumbnails of plate
// and face; a lane's own class and zone are what a vehicle gets first.
func TestFourCamerasAndTheLanesOwnClassAndZone(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{
		Change: func(s *wire.Snapshot) {
			for i := range s.Config.Lanes {
				if l := &s.Config.Lanes[i]; l.Gate == "N" && l.Code == "1" {
					l.Class, l.Zone = parking.Motorbike, "M"
				}
			}
		},
		Setup: func(c *lane.Config) {
			for i, role := range []string{"1/face", "1/overview", "1/overview2"} {
				sim, err := camera.NewSimulator(uint64(i)+7, camera.LightDay)
				if err != nil {
					t.Fatal(err)
				}
				c.Cameras[role] = sim
			}
		},
	})
	stop := b.RunDesk()
	b.Until("plate and face are live", func() bool {
		l := b.Lane("1")
		return l.PictureN > 2 && l.FaceN > 2 && len(l.Face) > 0
	})
	if l := b.Lane("2"); l.FaceN != 0 || l.Face != nil {
		t.Error("a lane without a camera for faces has one")
	}
	stop()
	b.Vision.Next(lanetest.Sure("29B145678"), nil)
	s := b.Arrive("1", lane.Arrival{})
	if s.Class != parking.Motorbike || s.Zone != "M" {
		t.Errorf("offered: %+v", s)
	}
	passed, err := b.Desk.In(t.Context(), lane.InRequest{Lane: "1"}) // waits for the pictures
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, p := range passed.Stay.InPhotos {
		roles = append(roles, p.Role)
		if (p.Thumb != "") != (p.Role == "plate" || p.Role == "face") {
			t.Errorf("thumbnail of %s: %q", p.Role, p.Thumb)
		}
		if _, err := b.Desk.Photo(t.Context(), p.SHA256); err != nil {
			t.Errorf("photo of %s: %v", p.Role, err)
		}
	}
	if !slices.Equal(roles, []string{"plate", "face", "overview", "overview2"}) {
		t.Errorf("photos: %v, warnings %q", roles, s.Warnings)
	}
	pass(t, b, "1")
	if n := photosOf(t, b, parking.KindLanePassage); n != 1 {
		t.Errorf("the passage has %d photos", n)
	}
}

// slowCamera delivers when the test says so.
type slowCamera struct {
	camera.Source
	asked chan struct{}
	now   chan struct{}
}

func (c *slowCamera) Frame(ctx context.Context) (camera.Frame, error) {
	c.asked <- struct{}{}
	select {
	case <-c.now:
	case <-ctx.Done():
	}
	return c.Source.Frame(context.WithoutCancel(ctx))
}

// A picture that comes when the next vehicle is there already may show that
// one: it is neither kept nor read.
func TestAFrameOfTheNextVehicleIsNotTaken(t *testing.T) {
	t.Parallel()
	slow := &slowCamera{asked: make(chan struct{}, 8), now: make(chan struct{}, 8)}
	b := withPassages(t, lanetest.Options{}, slow)
	b.Vision.Next(lanetest.Sure("30A00002"), nil)
	first := announce(t, b, "1", "")
	<-slow.asked
	second := announce(t, b, "1", "")
	<-slow.asked
	slow.now <- struct{}{}
	slow.now <- struct{}{}
	b.Until("both are looked at", func() bool {
		l := b.Lane("1")
		return l.Subject.Stage == lane.Offered && len(l.Waiting) == 1 && l.Waiting[0].Plate != ""
	})
	if s := b.Subject("1"); s.ID != first || s.Plate != "" {
		t.Errorf("the first was read as %q", s.Plate)
	}
	if w := b.Lane("1").Waiting[0]; w.ID != second || w.Plate != "30A00002" {
		t.Errorf("the second: %+v", w)
	}
	if err := b.Desk.Correct(t.Context(), "1", first, "30A00001", ""); err != nil {
		t.Fatal(err)
	}
	stay, err := b.Desk.AcceptIn(t.Context(), "1", first)
	if err != nil || len(stay.InPhotos) != 0 {
		t.Errorf("its photos: %+v, %v", stay.InPhotos, err)
	}
}
