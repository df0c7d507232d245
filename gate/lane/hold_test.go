package lane_test

import (
	"cmp"
	"context"
	"sync"
	"testing"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/lane/lanetest"
	"gatehouse/parking"
)

// plans is a cloud that holds slots, some of them for somebody else.
type plans struct {
	mu       sync.Mutex
	taken    map[string]bool
	held     map[string]bool
	released map[string]int
	left     time.Duration // of a hold; 0 for thirty seconds
	cut      bool          // the line is down when a hold is to be renewed
	failed   int           // renewals that found it so
}

func (p *plans) Reserve(_ context.Context, slot string) (lane.Hold, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[slot] || p.held[slot] { // also the gate's own: it has a token to renew it with
		return lane.Hold{}, parking.Errorf(parking.Conflict, "Gate S holds %s.", slot)
	}
	p.held[slot] = true
	return lane.Hold{Slot: slot, Token: "t-" + slot, Grant: 7, Left: cmp.Or(p.left, 30*time.Second)}, nil
}

func (p *plans) Renew(_ context.Context, h lane.Hold) (lane.Hold, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		p.failed++
		return lane.Hold{}, parking.Errorf(parking.Unavailable, "The cloud cannot be reached.")
	}
	return h, nil
}

func (p *plans) Release(_ context.Context, h lane.Hold) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, h.Slot)
	p.released[h.Slot]++
	return nil
}

func (p *plans) has(slot string) (held bool, released int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[slot], p.released[slot]
}

func online() lane.Link { return lane.Link{State: lane.Online} }

// What another gate holds is passed over; what is offered is held, given back
// when the vehicle goes, and left to run out when the vehicle takes it.
func TestOfferedSlotIsHeld(t *testing.T) {
	t.Parallel()
	p := &plans{taken: map[string]bool{"N08": true}, held: map[string]bool{}, released: map[string]int{}}
	b := lanetest.New(t, lanetest.Options{Plans: p, Link: online})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	first := b.Arrive("1", lane.Arrival{})
	b.Until("the next nearest is held", func() bool { s := b.Subject("1"); return s.Slot == "N07" && !s.HeldUntil.IsZero() })
	if err := b.Desk.Clear(t.Context(), "1", first.ID); err != nil {
		t.Fatal(err)
	}
	b.Until("it is given back", func() bool { held, n := p.has("N07"); return !held && n == 1 })

	second := b.Arrive("1", lane.Arrival{})
	b.Until("it is held again", func() bool { return !b.Subject("1").HeldUntil.IsZero() })
	stay, err := b.Desk.AcceptIn(t.Context(), "1", second.ID)
	if err != nil || stay.Slot != "N07" {
		t.Fatalf("in: %+v, %v", stay, err)
	}
	if held, n := p.has("N07"); !held || n != 1 {
		t.Errorf("the hold of a slot that was taken: held %v, released %d times", held, n)
	}
	// Free again before that hold has run out, the slot is offered again.
	if err := b.Desk.Void(t.Context(), stay.ID, "turned back"); err != nil {
		t.Fatal(err)
	}
	third := b.Arrive("1", lane.Arrival{})
	b.Until("the old hold is renewed", func() bool { return !b.Subject("1").HeldUntil.IsZero() })
	if s := b.Subject("1"); s.ID != third.ID || s.Slot != "N07" {
		t.Errorf("offered again: %+v", s)
	}
}

// A renewal that the line swallows does not make the gate forget what it
// holds: it would take its own hold for another gate's and offer elsewhere.
func TestHoldOutlivesACutLine(t *testing.T) {
	t.Parallel()
	p := &plans{held: map[string]bool{}, released: map[string]int{}, left: 10 * time.Millisecond, cut: true}
	b := lanetest.New(t, lanetest.Options{Plans: p, Link: online})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	s := b.Arrive("1", lane.Arrival{})
	b.Until("a renewal has failed", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.failed > 0
	})
	if got := b.Subject("1"); got.Slot != "N08" {
		t.Errorf("offered is %s", got.Slot)
	}
	if err := b.Desk.Clear(t.Context(), "1", s.ID); err != nil {
		t.Fatal(err)
	}
	b.Until("it is given back", func() bool { held, n := p.has("N08"); return !held && n == 1 })
}

// Two lanes of one gate never offer the same slot, and many guards' keys at
// once let a vehicle in once.
func TestActsAtOnce(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{})
	b.Vision.Next(lanetest.Sure("30A12345"), nil)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Desk.Run(ctx) })
	defer running.Wait()
	defer cancel()
	s := b.Arrive("1", lane.Arrival{})
	var acts sync.WaitGroup
	stays := make(chan parking.Stay, 16)
	for range 16 {
		acts.Go(func() {
			stay, err := b.Desk.AcceptIn(t.Context(), "1", s.ID)
			if err != nil {
				t.Error(err)
			}
			stays <- stay
			b.Desk.View()
		})
	}
	acts.Wait()
	close(stays)
	first := <-stays
	for stay := range stays {
		if stay.ID != first.ID {
			t.Errorf("two stays: %s and %s", first.ID, stay.ID)
		}
	}
	if n := kinds(b); n[parking.KindVehicleIn] != 1 || n[parking.KindBarrierOpened] != 1 {
		t.Errorf("facts: %v", n)
	}
}

// A change wakes the screens, which then see it.
func TestChangeWakesScreens(t *testing.T) {
	t.Parallel()
	b := lanetest.New(t, lanetest.Options{NoCamera: true})
	changed, stop := b.Desk.Changed()
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Desk.Run(ctx) }()
	<-changed // the first second
	before := b.Desk.View()
	if _, err := b.Desk.Arrive(t.Context(), "1", lane.Arrival{Plate: "30A12345"}); err != nil {
		t.Fatal(err)
	}
	<-changed
	if v := b.Desk.View(); v == before || v.Lanes[0].Subject == nil || v.Lanes[0].Subject.Slot != "N08" {
		t.Errorf("after the wake-up: %+v", v.Lanes[0].Subject)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
