package lane

// Resting says whether Run's tick stands still.
func (d *Desk) Resting() bool { return d.resting.Load() }

// Settle waits until everything that the desk has under way has ended.
func (d *Desk) Settle() { d.background.Wait() }
