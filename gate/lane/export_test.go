package lane

import "time"

// HoldsBy makes the desk measure by tick how long a lane is held.
func (d *Desk) HoldsBy(tick func() time.Time) { d.holds.tick = tick }

// Resting says whether Run's tick stands still.
func (d *Desk) Resting() bool { return d.resting.Load() }

// Settle waits until everything that the desk has under way has ended.
func (d *Desk) Settle() { d.background.Wait() }
