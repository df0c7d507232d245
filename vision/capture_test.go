package vision

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"gatehouse/parking"
)

// captureForTest is a decoder; what it does is in the spec.
func captureForTest() {
	err := ServeCapture(context.Background(), os.Stdin, os.Stdout, func(spec string) (PictureSource, error) {
		switch {
		case strings.HasPrefix(spec, "refuse"):
			return nil, parking.Errorf(parking.Unavailable, "The camera refuses the connection.")
		case strings.HasPrefix(spec, "password"):
			_, _ = os.Stderr.WriteString("[rtsp @ 0x1] method DESCRIBE failed: 401 Unauthorized\n")
			return nil, parking.Errorf(parking.Unavailable, "The camera's stream cannot be opened.")
		case spec == "hang":
			select {}
		}
		return &filmForTest{spec: spec}, nil
	})
	if err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// filmForTest gives one picture, then does what its spec says.
type filmForTest struct {
	spec  string
	given bool
}

func (f *filmForTest) Picture() ([]byte, error) {
	if f.given {
		switch f.spec {
		case "die":
			os.Exit(1)
		case "babble":
			_, _ = os.Stdout.WriteString("garbage in the place of a frame, long enough to be one")
		case "silent":
			select {}
		case "broken":
			return []byte("no picture"), nil
		case "end":
			return nil, parking.Errorf(parking.NotFound, "The video has ended.")
		}
	}
	f.given = true
	return smallJPEG(nil), nil
}

func (f *filmForTest) Close() error { return nil }

func startCapture(t *testing.T, spec string) (*Capture, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	c, err := StartCapture(t.Context(), CaptureConfig{
		Path: env, Args: []string{workerEnv + "=capture", self}, Spec: spec, Timeout: 2 * time.Second,
	})
	if err == nil {
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return c, err
}

// A decoder is asked for pictures; whatever it does instead is an error with a
// sentence, and nobody waits longer than the limit.
func TestCapture(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"good":     "",
		"refuse":   "The camera refuses the connection.",
		"password": "The camera refuses the password.",
		"hang":     "The program that decodes this camera's pictures has ended.",
		"die":      "The program that decodes this camera's pictures has ended.",
		"babble":   "The program that decodes this camera's pictures has ended.",
		"silent":   "The program that decodes this camera's pictures has ended.",
		"broken":   "The program that decodes this camera's pictures answered with garbage.",
		"end":      "The video has ended.",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			c, err := startCapture(t, spec)
			for range 3 {
				if err == nil {
					var picture []byte
					if picture, err = c.Picture(t.Context()); err == nil && !bytes.Equal(picture, smallJPEG(t)) {
						t.Error("another picture")
					}
				}
			}
			if got := parking.ErrorMessage(err); err != nil && got != want || err == nil && want != "" {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
	if _, err := StartCapture(t.Context(), CaptureConfig{Path: "/nonexistent/vision", Spec: "x"}); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("a program that is not there: %v", err)
	}
	if _, err := StartCapture(t.Context(), CaptureConfig{Path: "/nonexistent/vision", Spec: strings.Repeat("x", maxSpecBytes+1)}); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("a spec too long: %v", err)
	}
}

// The answer to a question that was given up is not taken for the next one's.
func TestCaptureDropsALateAnswer(t *testing.T) {
	t.Parallel()
	c, err := startCapture(t, "good")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		_, _ = c.Picture(ctx) // answered or given up, whichever comes first
		if _, err := c.Picture(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzCaptured(f *testing.F) {
	f.Add(append([]byte{tagPicture}, smallJPEG(f)...))
	f.Add(refusalOf(parking.Errorf(parking.Unavailable, "It is away.")))
	f.Add([]byte{})
	f.Add([]byte("E{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		picture, err := parseCaptured(data)
		if err == nil && CheckPicture(picture) != nil {
			t.Fatalf("let through %q", picture)
		}
		if err != nil && parking.ErrorMessage(err) == "" {
			t.Fatal("an error without words")
		}
	})
}
