package powercut_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// count is a number from the environment, or the one of the short form.
func count(t *testing.T, name string, short int) int {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return short
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s is not a count", name, v)
	}
	return n
}

// moments are random numbers from a seed that the test prints.
func moments(t *testing.T, name string, n int) *rand.Rand {
	t.Helper()
	seed := rand.Uint64() >> 1
	if v := os.Getenv("PARK_SEED"); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatalf("PARK_SEED=%s is not a number", v)
		}
	}
	t.Logf("seed %d; again: PARK_SEED=%d %s=%d go test -v -count=1 -timeout 1h -run '^%s$' ./internal/powercut", seed, seed, name, n, t.Name())
	return rand.New(rand.NewPCG(seed, 0))
}

// killsAFolder and cutsADisk bound what one folder grows to.
const (
	killsAFolder = 25
	cutsADisk    = 10
)

// A gate that is killed at any moment, its very first start included, has
// every fact that it acknowledged, in order, once, and goes on from there.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	kills := count(t, "PARK_KILLS", 20)
	rng := moments(t, "PARK_KILLS", kills)
	root, began := t.TempDir(), time.Now()
	var acked []string
	acknowledged, early := 0, 0
	for kill := range kills {
		dir := filepath.Join(root, fmt.Sprint(kill/killsAFolder))
		if kill%killsAFolder == 0 {
			acked = nil
		}
		w := startWriter(t, asGate, dir)
		if rng.IntN(4) == 0 {
			time.Sleep(time.Duration(rng.IntN(150)) * time.Millisecond) // somewhere in the start
		} else {
			w.readTo(1 + rng.IntN(60))
			time.Sleep(time.Duration(rng.IntN(5000)) * time.Microsecond) // somewhere in a transaction
		}
		w.kill()
		if len(w.acked) == 0 {
			early++
		}
		acknowledged += len(w.acked)
		acked = append(acked, w.acked...)
		checkGate(t, dir, acked)
	}
	if acknowledged == 0 {
		t.Fatal("nothing was acknowledged")
	}
	t.Logf("%d kills (%d before the first fact), %d facts acknowledged, 0 lost, %s", kills, early, acknowledged, time.Since(began).Round(time.Millisecond))
}
