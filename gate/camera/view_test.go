package camera

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"gatehouse/parking"
)

// quadrants is a picture whose quarters differ: red, green, blue, white from the
// top left, row by row.
func quadrants(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			colours := []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}
			img.SetRGBA(x, y, colours[2*(2*y/h)+2*x/w])
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// letterAt says which quarter's colour a place of a picture has.
func letterAt(img image.Image, x, y int) string {
	r, g, b, _ := img.At(x, y).RGBA()
	const half = 1 << 15
	switch {
	case r > half && g > half && b > half:
		return "W"
	case r > half:
		return "R"
	case g > half:
		return "G"
	}
	return "B"
}

func TestViews(t *testing.T) {
	t.Parallel()
	picture := quadrants(t, 160, 80)
	for _, c := range []struct {
		rotate, crop string
		w, h         int
		corners      string // top left, top right, bottom left, bottom right
	}{
		{"90", "", 80, 160, "BRWG"},
		{"180", "", 160, 80, "WBGR"},
		{"270", "", 80, 160, "GWRB"},
		{"", "0,0,80,40", 80, 40, "RRRR"},
		{"", "80,0,80,80", 80, 80, "GGWW"},
		{"", "80,40,500,500", 80, 40, "WWWW"},
		{"90", "0,0,40,80", 40, 80, "BBBB"},
		{"90", "40,0,40,160", 40, 160, "RRGG"},
		{"180", "0,0,80,40", 80, 40, "WWWW"},
		{"270", "0,80,80,80", 80, 80, "RBRB"},
	} {
		v, err := parseView(c.rotate, c.crop)
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.of(picture)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		img := decodeJPEG(t, got)
		b := img.Bounds()
		if b.Dx() != c.w || b.Dy() != c.h {
			t.Errorf("rotate %q, crop %q: %d × %d, want %d × %d", c.rotate, c.crop, b.Dx(), b.Dy(), c.w, c.h)
			continue
		}
		const in = 6 // from the edge, where JPEG mixes colours
		corners := letterAt(img, in, in) + letterAt(img, c.w-in, in) + letterAt(img, in, c.h-in) + letterAt(img, c.w-in, c.h-in)
		if corners != c.corners {
			t.Errorf("rotate %q, crop %q: corners %s, want %s", c.rotate, c.crop, corners, c.corners)
		}
	}
	outside, err := parseView("", "500,0,10,10")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := outside.of(picture); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("a cut outside of the picture: %v", err)
	}
}

func decodeJPEG(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestSpecs(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"sim:#rotate=45", "sim:#crop=1,2,3", "sim:#crop=1,2,0,4", "sim:#crop=a,b,c,d", "sim:#turn=90", "sim:#mac=aa:bb:cc:dd:ee:ff",
		"http:///picture", "http://camera/#mac=aa", "rtsp://", "ftp://camera/", "video:?end=stop", "video:/x?end=never", "v4l2:/dev/video0?fps=3",
	} {
		source, err := Open(bad, Options{Vision: "/usr/bin/vision"})
		if parking.ErrorCode(err) != parking.Invalid || source != nil {
			t.Errorf("Open(%q) = %v, %v", bad, source, err)
		}
	}
	for _, spec := range []string{"rtsp://u:p@camera/1", "rtsps://camera/", "v4l2:/dev/video0", "video:/x?end=stop"} {
		if _, err := Open(spec, Options{}); parking.ErrorCode(err) != parking.Invalid || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q without the vision program: %v", spec, err)
		}
		source, err := Open(spec+"#rotate=90&crop=0,0,10,10", Options{Vision: "/usr/bin/vision"})
		if err != nil {
			t.Errorf("%q: %v", spec, err)
			continue
		}
		if err := Close(source); err != nil {
			t.Error(err)
		}
		if _, err := source.Frame(t.Context()); parking.ErrorCode(err) != parking.Unavailable {
			t.Errorf("a closed camera: %v", err)
		}
	}
	if turned, err := Open("sim:#rotate=90", Options{}); err != nil {
		t.Error(err)
	} else if _, ok := Behind(turned).(*Simulator); !ok {
		t.Error("the simulator behind a turned camera is not found")
	}
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"rtsp://admin:s3cr3t@10.0.0.9/1":                           "rtsp://…@10.0.0.9/1",
		"rtsp://admin:s3%40cr3t@10.0.0.9:554/1#rotate=90":          "rtsp://…@10.0.0.9:554/1#rotate=90",
		"http://h/snap.cgi?user=admin&pwd=s3cr3t&channel=1":        "http://h/snap.cgi?user=…&pwd=…&channel=1",
		`Get "http://a:b@h/": dial tcp: refused`:                   `Get "http://…@h/": dial tcp: refused`,
		"sim:?seed=1":                                              "sim:?seed=1",
		"http://h/?loginpassword=x&token=abc#password-file=/run/x": "http://h/?loginpassword=…&token=…#password-file=/run/x",
	} {
		if got := Redacted(in); got != want {
			t.Errorf("Redacted(%q) = %q, want %q", in, got, want)
		}
	}
}

// played is a camera that shows what it is told, at times it is told.
type played struct {
	picture []byte
	at      time.Time
}

func (p *played) Frame(context.Context) (Frame, error) { return Frame{JPEG: p.picture, At: p.at}, nil }

func TestFrozenPictureIsRefused(t *testing.T) {
	t.Parallel()
	next := numbered(t)
	p := &played{picture: next(), at: time.Unix(1000, 0)}
	source := watch(p)
	for second := range 60 {
		_, err := source.Frame(t.Context())
		if frozen := second >= 30; frozen != (parking.ErrorCode(err) == parking.Unavailable) {
			t.Fatalf("after %d s: %v", second, err)
		}
		p.at = p.at.Add(time.Second)
	}
	p.picture = next()
	if _, err := source.Frame(t.Context()); err != nil {
		t.Errorf("after it moves again: %v", err)
	}
}

// The lane is learnt; a vehicle is no move, another lane is one after two minutes,
// and half an hour later it is the lane.
func TestMovedPictureIsAnAlarm(t *testing.T) {
	t.Parallel()
	noise := func(seed int) []byte {
		img := image.NewGray(image.Rect(0, 0, 320, 240))
		for y := range 240 {
			for x := range 320 { // blocks of a grey of their own
				img.SetGray(x, y, color.Gray{Y: uint8((x/10*7919 + y/10*104729 + seed*(x/10+1)*(y/10+3)*31) % 251)})
			}
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, nil); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	lane, other := noise(1), noise(2)
	simulator, err := NewSimulator(1, LightDay)
	if err != nil {
		t.Fatal(err)
	}
	var p place
	at := time.Unix(1000, 0)
	see := func(picture []byte, span time.Duration) bool {
		alarm := false
		for end := at.Add(span); at.Before(end); at = at.Add(placeEvery) {
			alarm = p.moved(picture, at)
		}
		return alarm
	}
	if see(lane, time.Minute) || see(other, movedAfter-placeEvery) {
		t.Fatal("an alarm before two minutes")
	}
	if see(lane, placeEvery) {
		t.Fatal("an alarm about the lane itself")
	}
	if !see(other, movedAfter+2*placeEvery) {
		t.Fatal("no alarm after two minutes of another lane")
	}
	if see(lane, placeEvery) {
		t.Fatal("the alarm stays after the camera was put back")
	}
	if !see(other, movedAfter+2*placeEvery) || see(other, movedLearnt) {
		t.Fatal("another lane is not learnt in half an hour")
	}
	// A vehicle that stands in the lane for long is none.
	p = place{}
	empty, err := simulator.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	simulator.Arrive("51F12345", parking.Car)
	car, err := simulator.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if see(empty.JPEG, time.Minute) || see(car.JPEG, 10*time.Minute) {
		t.Error("a vehicle in the lane is taken for a moved camera")
	}
}
