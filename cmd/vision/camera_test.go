package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"gatehouse/gate/camera"
	"gatehouse/gate/camera/cameratest"
	"gatehouse/parking"
)

// greys are the pictures of a moving camera: noise on a grey that tells which.
func greyJPEG(t testing.TB, grey uint8, number int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	img.SetGray(number*8%320, number*8/320*8%240, color.Gray{Y: 255 - grey})
	// YCbCr 4:2:0 with the standard tables, which is what RTP carries.
	rgba := image.NewRGBA(img.Rect)
	for y := range 240 {
		for x := range 320 {
			rgba.Set(x, y, img.GrayAt(x, y))
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, rgba, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// greyOf is the mean grey of a picture.
func greyOf(t testing.TB, data []byte) int {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	sum, b := 0, img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, _, _, _ := img.At(x, y).RGBA()
			sum += int(r >> 8)
		}
	}
	return sum / (b.Dx() * b.Dy())
}

// logged is a log that a test reads.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// opened is a camera whose decoder is this test program.
func opened(t *testing.T, spec string, log *logged) camera.Source {
	t.Helper()
	self := visionCommand(t)
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	source, err := camera.Open(spec, camera.Options{
		Vision: env, VisionArgs: []string{asVision + "=1", self.Path, "capture"},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := camera.Close(source); err != nil {
			t.Error(err)
		}
	})
	return source
}

// eventually asks a camera until what it answers is right; it polls, since that is
// what a gate does.
func eventually(t *testing.T, source camera.Source, what string, right func(camera.Frame, error) bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(60 * time.Second)
	var last error
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		frame, err := source.Frame(ctx)
		cancel()
		if right(frame, err) {
			return
		}
		last = err
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("never: %s (last: %v)", what, last)
		}
	}
}

func says(sentence string) func(camera.Frame, error) bool {
	return func(_ camera.Frame, err error) bool { return err != nil && parking.ErrorMessage(err) == sentence }
}

func near(t *testing.T, want int) func(camera.Frame, error) bool {
	return func(f camera.Frame, err error) bool {
		return err == nil && max(greyOf(t, f.JPEG)-want, want-greyOf(t, f.JPEG)) <= 4
	}
}

// A camera that speaks RTSP is read, is away with a reason when it is pulled, and
// comes back by itself; its password is in no log.
func TestRTSPCamera(t *testing.T) {
	t.Parallel()
	number, grey := 0, uint8(60)
	server := &cameratest.RTSP{Format: &format.MJPEG{}, User: "lane", Password: "s3cr3t-word"}
	server.Next = func() [][]byte {
		number++
		return [][]byte{greyJPEG(t, grey, number)}
	}
	server.Start(t)
	var log logged
	source := opened(t, "rtsp://lane:s3cr3t-word@"+server.Address+"/stream?channel=1#rotate=90", &log)
	eventually(t, source, "the first picture", near(t, 60))
	frame, err := source.Frame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if size, _, err := image.DecodeConfig(bytes.NewReader(frame.JPEG)); err != nil || size.Width != 240 || size.Height != 320 {
		t.Errorf("the turned picture is %d × %d, %v", size.Width, size.Height, err)
	}
	server.Stop()
	eventually(t, source, "away", says("The camera refuses the connection."))
	grey = 180
	server.Start(t)
	eventually(t, source, "back", near(t, 180))
	server.Stop()
	if strings.Contains(log.String(), "s3cr3t") {
		t.Errorf("the log holds the password:\n%s", log.String())
	}
	if !strings.Contains(log.String(), "a camera is away") || !strings.Contains(log.String(), "a camera is back") {
		t.Errorf("the log does not tell that it was away:\n%s", log.String())
	}
}

func TestRTSPCameraWithAWrongPassword(t *testing.T) {
	t.Parallel()
	server := &cameratest.RTSP{Format: &format.MJPEG{}, User: "lane", Password: "right"}
	server.Next = func() [][]byte { return nil }
	server.Start(t)
	var log logged
	source := opened(t, "rtsp://lane:wr0ng-word@"+server.Address+"/stream", &log)
	eventually(t, source, "refused", says("The camera refuses the password."))
	if strings.Contains(log.String(), "wr0ng") {
		t.Errorf("the log holds the password:\n%s", log.String())
	}
}

// A camera whose decoder is killed is away and comes back.
func TestDecoderIsKilled(t *testing.T) {
	t.Parallel()
	number := 0
	server := &cameratest.RTSP{Format: &format.MJPEG{}}
	server.Next = func() [][]byte {
		number++
		return [][]byte{greyJPEG(t, 90, number)}
	}
	server.Start(t)
	self := visionCommand(t)
	pidFile := filepath.Join(t.TempDir(), "pid")
	script := filepath.Join(t.TempDir(), "vision")
	text := "#!/bin/sh\necho $$ > " + pidFile + "\nexec env " + asVision + "=1 " + self.Path + " capture\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	source, err := camera.Open("rtsp://"+server.Address+"/", camera.Options{Vision: script})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = camera.Close(source) })
	eventually(t, source, "the first picture", near(t, 90))
	pid, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), "kill", "-9", strings.TrimSpace(string(pid))).Run(); err != nil {
		t.Fatal(err)
	}
	eventually(t, source, "away", says("The program that decodes this camera's pictures has ended."))
	eventually(t, source, "back", near(t, 90))
}

// A video file plays and begins anew, or ends and stays ended.
func TestVideoFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "lane.mjpeg")
	var film []byte
	for i := range 12 {
		film = append(film, greyJPEG(t, uint8(40+i), i)...)
	}
	if err := os.WriteFile(name, film, 0o600); err != nil {
		t.Fatal(err)
	}
	var log logged
	source := opened(t, "video:"+name, &log)
	for range 3 { // longer than the film
		eventually(t, source, "the beginning", near(t, 42))
		eventually(t, source, "the end", near(t, 50))
	}
	source = opened(t, "video:"+name+"?end=stop", &log)
	eventually(t, source, "a picture", func(_ camera.Frame, err error) bool { return err == nil })
	eventually(t, source, "ended", says("The video has ended."))
	source = opened(t, "video:"+name+".missing", &log)
	eventually(t, source, "missing", says("The video file cannot be opened."))
	source = opened(t, "v4l2:/dev/video-that-is-not-there", &log)
	eventually(t, source, "no device", says("The camera at USB cannot be opened; it is not there, or another program has it."))
}
