package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/internal/pty"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// cast writes what a terminal gets as an asciicast (version 2): a header, then
// a line for each piece with its time.
type cast struct {
	began time.Time
	out   bytes.Buffer
	rest  []byte // the beginning of a letter that is not whole yet
}

func newCast(w, h int, title string) (*cast, error) {
	c := &cast{began: time.Now()}
	return c, json.NewEncoder(&c.out).Encode(map[string]any{"version": 2, "width": w, "height": h, "title": title, "idle_time_limit": 2})
}

// Write adds a piece.
func (c *cast) Write(p []byte) (int, error) {
	all := append(c.rest, p...)
	whole := len(all)
	for i := 1; i <= min(3, len(all)); i++ {
		if b := all[len(all)-i]; b >= 0xc0 {
			whole = len(all) - i // told with the next piece
			break
		} else if b < 0x80 {
			break
		}
	}
	c.rest = append([]byte(nil), all[whole:]...)
	return len(p), json.NewEncoder(&c.out).Encode([]any{time.Since(c.began).Seconds(), "o", string(all[:whole])})
}

// morning is the bench's site with some vehicles inside, one of them for long.
func morning(snap *wire.Snapshot) {
	for i := range 9 {
		slot := &snap.Slots[i*7]
		plate := parking.Plate(fmt.Sprintf("51F%05d", 44210+i*137))
		s := parking.Stay{ID: uuid.New()}
		s.ApplyFact(parking.Fact{ID: uuid.New(), At: time.Now().Add(-time.Duration(i+1) * 41 * time.Minute), Gate: "S"},
			&parking.VehicleIn{Stay: s.ID, Lane: "1", Class: parking.Car, Plate: plate, Display: plate.Display(), Zone: slot.Zone, Slot: slot.Code, Tariff: "default", TariffV: 1})
		slot.State, slot.Stay = parking.SlotOccupied, s.ID
		snap.Stays = append(snap.Stays, s)
	}
}

// drawn is a camera that sees a vehicle with a plate.
func drawn(t *testing.T, plate parking.Plate) string {
	t.Helper()
	sim, err := camera.NewSimulator(1, camera.LightDay)
	if err != nil {
		t.Fatal(err)
	}
	sim.Arrive(plate, parking.Car)
	frame, err := sim.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "1.jpg"), frame.JPEG, 0o600); err != nil {
		t.Fatal(err)
	}
	return "folder:" + folder + "?end=wrap"
}

// TestRecord records a session of the program itself, without the cloud, into
// the file that PARK_RECORD names, with the worker PARK_RECORD_VISION
// (tools/record.sh): sign in, a car in, a car out with cash, the keys.
func TestRecord(t *testing.T) {
	file := os.Getenv("PARK_RECORD")
	if file == "" {
		t.Skip("PARK_RECORD names no file to record into")
	}
	const width, height = 100, 30
	far, near, err := pty.Open(width, height)
	if err != nil {
		t.Fatal(err)
	}
	record, err := newCast(width, height, "A guard's console, cut off from the cloud")
	if err != nil {
		t.Fatal(err)
	}
	person, seen := pty.NewPerson(far), make(chan struct{})
	cmd := program(t, "run", "--data", knownFolder(t, morning), "--language", "en", "--camera", "1="+drawn(t, "30A12345"), "--camera", "2="+drawn(t, "51F44758"),
		"--barrier", "1=sim:", "--barrier", "2=sim:", "--vision", os.Getenv("PARK_RECORD_VISION"))
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = near, near, near
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := near.Close(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(seen)
		person.Watch(io.TeeReader(far, record))
	}()
	for _, step := range []struct {
		keys string
		want string // to be on the screen before the next step
	}{
		{"", "Sign in"},
		{"lan\rpw\r", "F10"},
		{"n", "Let in"},
		{" ", "30A-123.45"},
		{"o", "₫"},
		{"\r", "cash"},
		{"?", "Esc back"},
	} {
		came := person.Await(step.want)
		for _, k := range strings.Split(step.keys, "") {
			if _, err := far.WriteString(k); err != nil {
				t.Fatal(err)
			}
			time.Sleep(150 * time.Millisecond) // a guard's pace, for who watches
		}
		select {
		case <-came:
		case <-time.After(10 * time.Second):
			t.Fatalf("%q does not bring %q", step.keys, step.want)
		}
		time.Sleep(1500 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	<-seen
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, record.out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
