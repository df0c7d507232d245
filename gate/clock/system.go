package clock

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// bootIDFile is where Linux tells which boot this is.
const bootIDFile = "/proc/sys/kernel/random/boot_id"

// System is the clock of this machine. Its monotonic part counts on while the
// machine sleeps.
func System() *Clock {
	return New(time.Now, sinceBoot, BootID())
}

// BootID names the machine's boot. Where the machine does not tell, it is
// random, so that the monotonic clocks of two processes are never compared.
func BootID() string {
	if b, err := os.ReadFile(bootIDFile); err == nil {
		if id := strings.TrimSpace(string(b)); id != "" {
			return id
		}
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails: it ends the program instead
	return "process-" + hex.EncodeToString(b[:])
}

var processStart = time.Now()

// sinceBoot is the time since the machine was started, sleep included.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return time.Since(processStart)
	}
	return time.Duration(ts.Nano())
}
