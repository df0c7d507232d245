package pipeline

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/parking"
)

// framesOf is how many frames a run reads: PARK_FRAMES, or a short form.
func framesOf(t *testing.T, short int) int {
	t.Helper()
	text := os.Getenv("PARK_FRAMES")
	if text == "" {
		return short
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PARK_FRAMES=%s is no number of frames", text)
	}
	return n
}

// residentKB is the process's resident memory, native memory included, after
// Go has given back what it can.
func residentKB(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	status, err := os.Open("/proc/self/status")
	if err != nil {
		t.Skip("resident memory is read from /proc")
	}
	defer func() { _ = status.Close() }() // only read
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kb
		}
	}
	t.Fatal("/proc/self/status names no resident memory")
	return 0
}

// lanePictures are what a lane's camera sees in a day: vehicles by day and by
// night, nothing, a broken file.
func lanePictures(t *testing.T) [][]byte {
	t.Helper()
	var pictures [][]byte
	random := rand.New(rand.NewPCG(6, 6))
	for _, light := range []camera.Light{camera.LightDay, camera.LightNight} {
		for _, class := range []parking.Class{"", parking.Car, parking.Motorbike, parking.Bicycle} {
			simulator, err := camera.NewSimulator(random.Uint64(), light)
			if err != nil {
				t.Fatal(err)
			}
			simulator.Now = func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
			if class != "" {
				simulator.Arrive(parking.Plate(fmt.Sprintf("51F%05d", random.IntN(100_000))), class)
			}
			frame, err := simulator.Frame(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			pictures = append(pictures, frame.JPEG)
		}
	}
	return append(pictures, pictures[1][:len(pictures[1])/2], pictures[1][:300])
}

// A worker reads for months. What it holds after many frames is what it held
// after the first ones: the long form is 100,000 frames (./task vision:frames),
// where the count of native matrices is looked at too (memory_mats_test.go).
func TestReadingHoldsNoMemory(t *testing.T) {
	const allowedKB = 32 << 10 // what allocators keep: it is reached within some hundred frames; a matrix left open is 600 a frame
	frames := framesOf(t, 120)
	reader, pictures := newReader(t), lanePictures(t)
	read := func(n int) {
		for i := range n {
			_, _ = reader.Read(pictures[i%len(pictures)], Vietnam) // a broken picture among them is refused
		}
	}
	read(2 * len(pictures)) // caches of the libraries are filled
	beforeKB, beforeMats := residentKB(t), openMats()
	step := max(frames/10, 1)
	for done := 0; done < frames; done += step {
		read(min(step, frames-done))
		t.Logf("after %d frames: %d KB resident, %d matrices open", done+min(step, frames-done), residentKB(t), openMats())
	}
	runtime.KeepAlive(reader)
	if grown := residentKB(t) - beforeKB; grown > allowedKB {
		t.Errorf("%d frames have grown the process by %d KB, from %d KB", frames, grown, beforeKB)
	}
	if grown := openMats() - beforeMats; grown != 0 {
		t.Errorf("%d frames have left %d native matrices open", frames, grown)
	}
}
