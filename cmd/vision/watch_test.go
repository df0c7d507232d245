package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/gate/camera"
	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/models"
)

// A folder is seen to its end; equal readings of one picture after another are
// told once each picture, as its file changes.
func TestWatchPrintsWhatHappens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"1.jpg": simulated(t, camera.LightDay, "", ""), "2.jpg": simulated(t, camera.LightDay, "51F12345", parking.Car), "3.jpg": []byte("no picture"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := visionCommand(t, "watch", "--json", "--every=1ms", "folder:"+dir+"?end=stop").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i, want := range []watchedReading{
		{fileReading: fileReading{File: "1.jpg", Reading: vision.Reading{Outcome: vision.OutcomeNone}}},
		{fileReading: fileReading{File: "2.jpg", Reading: vision.Reading{Outcome: vision.OutcomeRead, Plate: "51F12345"}}},
		{fileReading: fileReading{File: "3.jpg", Reading: vision.Reading{Outcome: vision.OutcomeNone}, Error: "This is no JPEG or PNG picture."}},
	} {
		var got watchedReading
		if err := json.Unmarshal(lines[i], &got); err != nil {
			t.Fatal(err)
		}
		if changed(got, want) || got.Error == "" && got.At.IsZero() {
			t.Errorf("line %d: %s", i, lines[i])
		}
	}
	// A camera that sees the same for five pictures has one line.
	out, err = visionCommand(t, "watch", "--every=1ms", "--frames=5", "sim:?seed=3&light=day").Output()
	if err != nil || bytes.Count(out, []byte("\n")) != 1 || !bytes.Contains(out, []byte("sim:?seed=3&light=day: none")) {
		t.Errorf("%v: %s", err, out)
	}
	command := visionCommand(t, "watch", "fax:1")
	if out, err := command.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("camera kind")) {
		t.Errorf("an unknown camera: %v: %s", err, out)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	out, err := visionCommand(t, "doctor", "sim:").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"OpenCV: 4.", "Tesseract: 5.", "plate reader: starts", "weights: ", "camera sim:: 640 × 480, JPEG"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the doctor does not say %q:\n%s", want, out)
		}
	}
	command := visionCommand(t, "doctor", "http://lane:s3cr3t@127.0.0.1:1/")
	out, err = command.Output()
	if command.ProcessState.ExitCode() != 1 {
		t.Errorf("exit status of what is missing: %v", err)
	}
	if want := "MISSING  camera http://…@127.0.0.1:1/: The camera refuses the connection."; !strings.Contains(string(out), want) {
		t.Errorf("the doctor does not say %q:\n%s", want, out)
	}
	none := weights(models.Weights{}, parking.Errorf(parking.Unavailable, "There are none."))
	some := weights(models.Weights{Detector: make([]byte, 2e6), Point: models.OperatingPoint{
		Detector: strings.Repeat("a", 64), Reader: strings.Repeat("b", 64), Measured: models.Measured{Threshold: map[string]float64{"vn": 0.9}},
	}}, nil)
	if none.found != "There are none." || !strings.Contains(some.found, "2.0 MB") || !strings.Contains(some.found, "vn counts as read from 0.900") {
		t.Errorf("weights: %q, %q", none.found, some.found)
	}
}

// A folder of two pictures is measured, beside Tesseract, and written down.
func TestBench(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "vn_drawn")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"vn_drawn-1.jpg": simulated(t, camera.LightDay, "51F12345", parking.Car), "vn_drawn-2.jpg": simulated(t, camera.LightDay, "", ""),
		"truth.csv": []byte("file,plate\nvn_drawn-1.jpg,51F12345\nvn_drawn-2.jpg,51F99999\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "BENCHMARKS.md")
	// The engines are this test program again, which the variable makes the
	// vision program.
	out, err := visionCommand(t, "bench", "--engines", "ours,tesseract", "--write", file, dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| vn_drawn (vn) | 2 | ours | 50.0 % | 9.5–90.5 | 1 / 0 / 1 | 0 of 1 (≤ 79.3 %) |", "| tesseract |", "- vn_drawn, nothing found (1): 2\n", " MB | 0 |"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the report lacks %q:\n%s", want, written)
		}
	}
}
