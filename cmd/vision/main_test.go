package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/parking"
	"gatehouse/vision"
)

// The test program is the vision program when this variable is set.
const asVision = "GATEHOUSE_TEST_VISION"

func TestMain(m *testing.M) {
	if os.Getenv(asVision) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// visionCommand is the program with the given arguments.
func visionCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env = append(os.Environ(), asVision+"=1")
	return command
}

// simulated is a picture of the simulated camera.
func simulated(t *testing.T, light camera.Light, plate parking.Plate, class parking.Class) []byte {
	t.Helper()
	simulator, err := camera.NewSimulator(3, light)
	if err != nil {
		t.Fatal(err)
	}
	simulator.Now = func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	if class != "" {
		simulator.Arrive(plate, class)
	}
	frame, err := simulator.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return frame.JPEG
}

func TestReadPrintsALineForEachFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []string{"car.jpg", "text.jpg", "empty.jpg", "bike.jpg", "missing.jpg", "half.jpg", "lane.jpg"}
	car := simulated(t, camera.LightDay, "51F12345", parking.Car)
	for name, data := range map[string][]byte{
		"car.jpg": car, "text.jpg": []byte("this is no picture"), "empty.jpg": nil,
		"bike.jpg": simulated(t, camera.LightNight, "59MĐ145678", parking.Motorbike),
		"half.jpg": car[:200], "lane.jpg": simulated(t, camera.LightDay, "", ""),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := visionCommand(t, append([]string{"read", "--json", "--country", "vn"}, files...)...)
	command.Dir = dir
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if command.ProcessState.ExitCode() != 1 {
		t.Errorf("exit status %d (%v), want 1: some files are no pictures", command.ProcessState.ExitCode(), err)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != len(files) {
		t.Fatalf("%d lines for %d files:\n%s\n%s", len(lines), len(files), out, stderr.Bytes())
	}
	want := map[string]fileReading{
		"car.jpg":  {Reading: vision.Reading{Outcome: vision.OutcomeRead, Plate: "51F12345", Display: "51F-123.45", Lines: 1}},
		"bike.jpg": {Reading: vision.Reading{Outcome: vision.OutcomeRead, Plate: "59MĐ145678", Display: "59-MĐ1 456.78", Lines: 2}},
	}
	for i, line := range lines {
		var got fileReading
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("line %d: %v\n%s", i, err, line)
		}
		expected, plate := want[files[i]]
		noPicture := !plate && files[i] != "lane.jpg"
		if got.File != files[i] || (got.Error != "") != noPicture {
			t.Errorf("line %d, %s: %s", i, files[i], line)
		}
		if !plate {
			if got.Outcome != vision.OutcomeNone || !bytes.Contains(line, []byte(`"candidates":[]`)) {
				t.Errorf("%s: %s", files[i], line)
			}
			continue
		}
		if got.Outcome != expected.Outcome || got.Plate != expected.Plate || got.Display != expected.Display || got.Lines != expected.Lines || got.Box[2] == 0 {
			t.Errorf("%s: %s", files[i], line)
		}
	}
}

func TestReadOfGoodFilesExitsWithZero(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "car.jpg")
	if err := os.WriteFile(name, simulated(t, camera.LightDay, "30K55512", parking.Car), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := visionCommand(t, "read", name).Output()
	if err != nil || !bytes.Contains(out, []byte("read 30K-555.12")) {
		t.Errorf("%v: %s", err, out)
	}
}

// The demonstration lives on the simulated cameras: through the real worker
// process nearly all of their plates are read, and none is read wrong.
func TestServeReadsTheSimulatedCameras(t *testing.T) {
	t.Parallel()
	self := visionCommand(t)
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	client := vision.NewClient(vision.Config{Path: env, Args: []string{asVision + "=1", self.Path, "serve"}})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	limit := time.After(30 * time.Second)
	for client.Status().State != vision.StateUp {
		select {
		case <-limit:
			t.Fatalf("the worker is not up: %+v", client.Status())
		case <-time.After(5 * time.Millisecond):
		}
	}
	const vehicles = 24
	read := 0
	for i := range vehicles {
		class, plate := parking.Car, fmt.Sprintf("%d%c%05d", 30+i%9, "ABCDEFGHKLMN"[i%12], (i*7919+12345)%100_000)
		if i%2 == 1 {
			class, plate = parking.Motorbike, fmt.Sprintf("%d%c%d%05d", 50+i%9, "PSTUVXYZABCD"[i%12], i%9+1, (i*6133+4711)%100_000)
		}
		light := []camera.Light{camera.LightDay, camera.LightNight}[i/2%2]
		got, err := client.Read(t.Context(), simulated(t, light, parking.Plate(plate), class), "vn")
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case got.Outcome == vision.OutcomeRead && string(got.Plate) != plate:
			t.Errorf("%s (%s, %s) is read as %s (%.3f)", plate, class, light, got.Plate, got.Confidence)
		case got.Outcome == vision.OutcomeRead:
			read++
		default:
			t.Logf("%s (%s, %s): %s %v", plate, class, light, got.Outcome, got.Candidates)
		}
	}
	if read < vehicles*9/10 {
		t.Errorf("%d of %d simulated plates are read", read, vehicles)
	}
	for _, class := range []parking.Class{"", parking.Bicycle, parking.Car, parking.Motorbike} {
		got, err := client.Read(t.Context(), simulated(t, camera.LightDay, "", class), "vn")
		if err != nil || got.Outcome != vision.OutcomeNone {
			t.Errorf("a picture without a plate (%q): %+v, %v", class, got, err)
		}
	}
	if _, err := client.Read(t.Context(), simulated(t, camera.LightDay, "", ""), "xx"); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("an unknown grammar: %v", err)
	}
}
