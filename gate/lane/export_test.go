package lane

// Resting says whether Run's tick stands still.
func (d *Desk) Resting() bool { return d.resting.Load() }
