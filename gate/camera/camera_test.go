package camera_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/gate/camera"
	"gatehouse/parking"
	"gatehouse/vision"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func newSimulator(t *testing.T, seed uint64, light camera.Light) *camera.Simulator {
	t.Helper()
	simulator, err := camera.NewSimulator(seed, light)
	if err != nil {
		t.Fatal(err)
	}
	simulator.Now = func() time.Time { return noon }
	return simulator
}

func frameOf(t *testing.T, source camera.Source) []byte {
	t.Helper()
	frame, err := source.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return frame.JPEG
}

func decode(t *testing.T, data []byte) image.Image {
	t.Helper()
	picture, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// brightness is the mean grey of an area, 0..255.
func brightness(picture image.Image, area image.Rectangle) float64 {
	var sum float64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum += float64(r+g+b) / 3 / 257
		}
	}
	return sum / float64(area.Dx()*area.Dy())
}

func TestSimulatorIsDeterministic(t *testing.T) {
	t.Parallel()
	a, b, other := newSimulator(t, 7, camera.LightDay), newSimulator(t, 7, camera.LightDay), newSimulator(t, 8, camera.LightDay)
	for _, s := range []*camera.Simulator{a, b, other} {
		s.Arrive("51F12345", parking.Car)
	}
	first, again := frameOf(t, a), frameOf(t, b)
	if !bytes.Equal(first, again) {
		t.Error("the same seed, plate and frame give two pictures")
	}
	if bytes.Equal(first, frameOf(t, other)) {
		t.Error("another seed gives the same picture")
	}
	if bytes.Equal(first, frameOf(t, a)) {
		t.Error("the next frame is the same to the byte: a real sensor has noise")
	}
}

func TestSimulatorScenes(t *testing.T) {
	t.Parallel()
	middle := image.Rect(220, 150, 420, 400)
	simulator := newSimulator(t, 1, camera.LightDay)
	empty := decode(t, frameOf(t, simulator))
	if size := empty.Bounds().Size(); size != image.Pt(640, 480) {
		t.Fatalf("the picture is %v", size)
	}
	for _, class := range []parking.Class{parking.Car, parking.Motorbike, parking.Bicycle} {
		simulator.Arrive("59B145678", class)
		occupied := decode(t, frameOf(t, simulator))
		if d := brightness(empty, middle) - brightness(occupied, middle); d < 8 && d > -8 {
			t.Errorf("%s: the lane looks as empty as before (%.1f)", class, d)
		}
	}
	simulator.Leave()
	if d := brightness(empty, middle) - brightness(decode(t, frameOf(t, simulator)), middle); d > 1 || d < -1 {
		t.Errorf("after the vehicle has left the lane differs by %.1f", d)
	}
	day, night := decode(t, frameOf(t, simulator)), decode(t, frameOf(t, newSimulator(t, 1, camera.LightNight)))
	if brightness(night, night.Bounds()) > 0.6*brightness(day, day.Bounds()) {
		t.Error("the night is as bright as the day")
	}
	auto := newSimulator(t, 1, camera.LightAuto)
	auto.Now = func() time.Time { return noon.Add(8 * time.Hour) }
	if dusk := decode(t, frameOf(t, auto)); brightness(dusk, dusk.Bounds()) > 0.6*brightness(day, day.Bounds()) {
		t.Error("at eight in the evening it is day")
	}
}

// Whatever plate is typed can be drawn.
func TestSimulatorDrawsOddPlates(t *testing.T) {
	t.Parallel()
	simulator := newSimulator(t, 1, camera.LightDay)
	for _, plate := range []parking.Plate{"", "A", "WWWWWWWWWWWWWWW", "ÄÖ77", "車12", "80441NG02", "TM1234"} {
		for _, class := range []parking.Class{parking.Car, parking.Motorbike, "truck", ""} {
			simulator.Arrive(plate, class)
			if err := vision.CheckPicture(frameOf(t, simulator)); err != nil {
				t.Errorf("%q on %q: %v", plate, class, err)
			}
		}
	}
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	simulator := newSimulator(t, 1, camera.LightDay)
	pictures := map[string][]byte{}
	for _, name := range []string{"b.jpg", "a.JPEG", "c.jpg"} {
		simulator.Arrive(parking.Plate("51F1234"+name[:1]), parking.Car)
		pictures[name] = frameOf(t, simulator)
		writeFile(t, filepath.Join(dir, name), pictures[name])
	}
	writeFile(t, filepath.Join(dir, "notes.txt"), []byte("not a picture"))
	for _, c := range []struct {
		wrap bool
		want []string
	}{
		{true, []string{"a.JPEG", "b.jpg", "c.jpg", "a.JPEG"}},
		{false, []string{"a.JPEG", "b.jpg", "c.jpg", "", ""}},
	} {
		folder, err := camera.NewFolder(dir, c.wrap)
		if err != nil {
			t.Fatal(err)
		}
		folder.Now = func() time.Time { return noon }
		for i, want := range c.want {
			if i > 0 {
				if got := folder.Arrive(); got != want {
					t.Errorf("wrap %v: arrival %d is %q, want %q", c.wrap, i, got, want)
				}
			}
			if got := folder.File(); got != want {
				t.Errorf("wrap %v: picture %d is %q, want %q", c.wrap, i, got, want)
			}
			frame, err := folder.Frame(t.Context())
			if want == "" {
				if parking.ErrorCode(err) != parking.Unavailable {
					t.Errorf("after the end: %v", err)
				}
				continue
			}
			if err != nil || !bytes.Equal(frame.JPEG, pictures[want]) || !frame.At.Equal(noon) {
				t.Errorf("wrap %v: frame %d is not %s: %v", c.wrap, i, want, err)
			}
		}
	}
}

func TestFolderWithBadPictures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.jpg"), nil)
	writeFile(t, filepath.Join(dir, "b.jpg"), []byte("this is no picture"))
	folder, err := camera.NewFolder(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := folder.Frame(t.Context()); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s: %v", folder.File(), err)
		}
		folder.Arrive()
	}
	if err := os.Remove(filepath.Join(dir, "a.jpg")); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Frame(t.Context()); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("a picture that was taken away: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := folder.Frame(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.jpg"), frameOf(t, newSimulator(t, 1, camera.LightDay)))
	for spec, want := range map[string]parking.Code{
		"sim:": "", "sim:?seed=7&light=night": "", "folder:" + dir: "", "folder:" + dir + "?end=stop": "",
		"": parking.Invalid, "sim": parking.Invalid, "sim:/x": parking.Invalid, "sim:?seed=x": parking.Invalid,
		"sim:?light=dawn": parking.Invalid, "sim:?sed=1": parking.Invalid, "rtsp://camera": parking.Invalid,
		"folder:" + dir + "?end=x": parking.Invalid, "folder:/nonexistent": parking.Unavailable,
		"folder:" + t.TempDir(): parking.Unavailable,
	} {
		source, err := camera.Open(spec, camera.Options{})
		if parking.ErrorCode(err) != want || (source == nil) != (want != "") {
			t.Errorf("Open(%q) = %v, %v; want code %q", spec, source, err, want)
		}
		if err == nil {
			if _, err := source.Frame(t.Context()); err != nil {
				t.Errorf("the camera %q: %v", spec, err)
			}
		}
	}
}
