package lane_test

import (
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/gate/lane/lanetest"
)

// While nobody looks, the desk's tick stands still. Who looks then sees what is
// true now, and a screen that stays is told once a second. The time is simulated.
func TestADeskRestsWhileNobodyLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := lanetest.New(t, lanetest.Options{NoCamera: true})
		defer b.RunDesk()()
		before := b.Desk.View().Now
		time.Sleep(time.Hour)
		synctest.Wait()
		if !b.Desk.Resting() {
			t.Fatal("nobody has looked for an hour, and the desk still ticks")
		}
		b.Clock.Pass(time.Hour)
		if now := b.Desk.View().Now; now.Sub(before) != time.Hour {
			t.Errorf("after a rest of an hour the view is of %s later", now.Sub(before))
		}
		if b.Desk.Resting() {
			t.Error("somebody looks, and the desk rests")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		changed, stop := b.Desk.Changed()
		for began := time.Now(); time.Since(began) < time.Minute; {
			told := time.Now()
			<-changed
			if late := time.Since(told); late > 2*time.Second {
				t.Fatalf("a screen was told after %s", late)
			}
		}
		stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		if !b.Desk.Resting() {
			t.Error("the screen has gone, and the desk still ticks")
		}
	})
}
