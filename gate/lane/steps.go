package lane

// Step is a moment in a vehicle's life at a lane between two things that must
// not come apart. Tests stop a desk there, as a power cut would.
type Step string

// The steps, in the order of a vehicle's life.
const (
	StepRequested Step = "requested" // money was asked for, the code is not shown yet
	StepWritten   Step = "written"   // the facts are on disk, the barrier is not commanded
	StepCommanded Step = "commanded" // the barrier has answered, the disk does not know
	StepConfirmed Step = "confirmed" // the disk knows that the barrier has answered
	StepSeen      Step = "seen"      // a passage was seen and is not written
	StepPassed    Step = "passed"    // it is written
	StepCounted   Step = "counted"   // a drawer's count is on disk, nothing is answered yet
)

// step tells a test where the desk is; nobody else listens.
func (d *Desk) step(s Step) {
	if d.cfg.AtStep != nil {
		d.cfg.AtStep(s)
	}
}
