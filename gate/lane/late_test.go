package lane_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
	"gatehouse/vision"
)

var errAway = parking.Errorf(parking.Unavailable, "The vision worker does not answer.")

// A plate that could not be read because the worker was away is read when it
// is back, from the frame that was kept, also when the next vehicle has come.
func TestLateReadingAfterTheWorkerWasAway(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	b.Vision.Next(vision.Reading{}, errAway)
	tap(t, b, "1", "0042")
	untilThrough(b, "1")
	b.Desk.Settle()
	b.Clock.Pass(2 * time.Second)
	tap(t, b, "1", "0043")
	untilThrough(b, "1")
	b.Desk.Settle()
	if n := len(b.FactsOf(parking.KindPlateCorrected)); n != 0 {
		t.Fatalf("%d plates were read without a worker", n)
	}
	b.Vision.Next(lanetest.Sure("29B145678"), nil)
	b.Clock.Pass(2 * time.Second)
	tap(t, b, "1", "0044") // its reading says that the worker is back
	b.Until("both plates follow", func() bool {
		plates := 0
		for _, f := range b.FactsOf(parking.KindPlateCorrected) {
			if f.Actor == "lane:1" {
				plates++
			}
		}
		return plates >= 2
	})
	b.Desk.Settle()
	in := lanetest.Says[parking.VehicleIn](b, b.FactsOf(parking.KindVehicleIn)[0])
	if stay, err := b.State.Stay(t.Context(), in.Stay); err != nil || stay.Plate != "29B145678" || in.Token != "0042" {
		t.Errorf("the stay: %+v, %v", stay, err)
	}
}

// A plate that could not be read is read also when the program was started anew
// meanwhile; not that of a vehicle of which a guard has said that it has none, of
// one that a guard let in, and of one that came long ago.
func TestLateReadingAfterAStart(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	b.Vision.Next(vision.Reading{}, errAway)
	by := func(card string) lane.Tapped {
		answer := tap(t, b, "1", card)
		untilThrough(b, "1")
		b.Desk.Settle()
		return answer
	}
	by("0041")
	b.Clock.Pass(40 * time.Minute)
	by("0042")
	b.Clock.Pass(2 * time.Second)
	if err := b.Desk.Correct(t.Context(), "1", by("0043").Subject, "", "the plate is covered"); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(30 * time.Minute)
	b.Vision.Next(lanetest.Sure("29B145678"), nil)
	b.Restart()
	b.Arrive("2", lane.Arrival{}) // its reading says that the worker is back
	plates := func() string {
		out := ""
		for _, card := range []string{"0041", "0042", "0043"} {
			out += card + " " + string(b.State.Site().ByToken(card)[0].Plate) + ","
		}
		return out
	}
	b.Until("the plate follows", func() bool { return plates() != "0041 ,0042 ,0043 ," })
	b.Desk.Settle()
	if got := plates(); got != "0041 ,0042 29B145678,0043 ," {
		t.Errorf("plates: %s", got)
	}
}

// What has waited for more than an hour is not read any more, and neither is a
// plate that was typed meanwhile.
func TestLateReadingsAreBounded(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes})
	b.Vision.Next(vision.Reading{}, errAway)
	tap(t, b, "1", "0042")
	untilThrough(b, "1")
	b.Desk.Settle()
	b.Clock.Pass(61 * time.Minute)
	typed := tap(t, b, "1", "0043")
	untilThrough(b, "1")
	b.Desk.Settle()
	if err := b.Desk.Correct(t.Context(), "1", typed.Subject, "29B188888", ""); err != nil {
		t.Fatal(err)
	}
	before := len(b.FactsOf(parking.KindPlateCorrected))
	b.Vision.Next(lanetest.Sure("29B145678"), nil)
	b.Clock.Pass(2 * time.Second)
	b.Arrive("2", lane.Arrival{})
	b.Desk.Settle()
	if n := len(b.FactsOf(parking.KindPlateCorrected)); n != before {
		t.Errorf("%d plates were added", n-before)
	}
}

// byTurn answers readings one after the other, the last one for good.
type byTurn struct {
	mu      sync.Mutex
	answers []vision.Reading
}

func (r *byTurn) Read(context.Context, []byte, string) (vision.Reading, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.answers[0]
	if len(r.answers) > 1 {
		r.answers = r.answers[1:]
	}
	return a, nil
}

// Where the first frame shows no plate, the other kept ones are looked at.
func TestLateReadingOfAllKeptFrames(t *testing.T) {
	t.Parallel()
	reader := &byTurn{answers: []vision.Reading{
		lanetest.Unsure("29B145678", "29B145673"), // the frame at hand, before it goes in
	}}
	hold := &heldReader{Reader: reader, hold: make(chan struct{})}
	b := lanetest.New(t, lanetest.Options{Still: true, Change: bikes, Setup: func(c *lane.Config) {
		sim, err := camera.NewSimulator(7, camera.LightDay)
		if err != nil {
			t.Fatal(err)
		}
		c.Cameras["1/overview"], c.Vision = sim, hold
	}})
	reader.mu.Lock()
	reader.answers = append(reader.answers, vision.None(), lanetest.Sure("29B145678"))
	reader.mu.Unlock()
	tap(t, b, "1", "0042")
	untilThrough(b, "1")
	in := lanetest.Says[parking.VehicleIn](b, b.FactsOf(parking.KindVehicleIn)[0])
	if len(in.Photos) != 2 {
		t.Fatalf("it went in with %d photos: this tests nothing", len(in.Photos))
	}
	close(hold.hold)
	b.Until("the plate follows", func() bool { return len(b.FactsOf(parking.KindPlateCorrected)) == 1 })
}

// heldReader answers when the test says so.
type heldReader struct {
	lane.Reader
	hold chan struct{}
}

func (r *heldReader) Read(ctx context.Context, picture []byte, country string) (vision.Reading, error) {
	select {
	case <-r.hold:
	case <-ctx.Done():
		return vision.Reading{}, ctx.Err()
	}
	return r.Reader.Read(ctx, picture, country)
}
