package lane

// Settle waits until everything that the desk has under way has ended.
func (d *Desk) Settle() { d.background.Wait() }
