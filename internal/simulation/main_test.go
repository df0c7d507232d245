package simulation

import (
	"os"
	"runtime/debug"
	"testing"
)

// A simulated day makes much that lives for a moment: collecting it less often
// takes a fifth off the time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
