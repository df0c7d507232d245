package camera

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/parking"
)

// hurried are the times of cameras in tests.
var hurried = liveTimes{
	dial: 2 * time.Second, silence: 100 * time.Millisecond, unused: time.Minute,
	retry: 5 * time.Millisecond, slowest: 10 * time.Millisecond,
}

// webCamera is a camera at a server of the test.
func webCamera(t *testing.T, text string, times liveTimes, log io.Writer) Source {
	t.Helper()
	s, err := parseSpec(text)
	if err != nil {
		t.Fatal(err)
	}
	source, err := openWeb(s, Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil)), arp: arpTable})
	if err != nil {
		t.Fatal(err)
	}
	Behind(source).(*live).times = times
	t.Cleanup(func() {
		if err := Close(source); err != nil {
			t.Error(err)
		}
	})
	return source
}

// until asks a camera until what it answers is right; a gate polls, too.
func until(t *testing.T, source Source, what string, right func(Frame, error) bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		frame, err := source.Frame(ctx)
		cancel()
		if right(frame, err) {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("never: %s (last: %v)", what, err)
		}
	}
}

func good(_ Frame, err error) bool { return err == nil }

func says(sentence string) func(Frame, error) bool {
	return func(_ Frame, err error) bool { return err != nil && parking.ErrorMessage(err) == sentence }
}

// numbered gives a picture that differs from all others.
func numbered(t testing.TB) func() []byte {
	simulator, err := NewSimulator(1, LightDay)
	if err != nil {
		t.Fatal(err)
	}
	return func() []byte {
		frame, err := simulator.Frame(context.Background())
		if err != nil {
			t.Error(err)
		}
		return frame.JPEG
	}
}

// serveAt serves at an address, "" for a free one, until the function that is
// returned is called.
func serveAt(t *testing.T, address string, handler http.Handler) (string, func()) {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close() // its own one
	server.Listener = l
	server.Start()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			server.CloseClientConnections()
			server.Close()
		})
	}
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

// mjpeg streams pictures until the caller goes; saysLength as most cameras do.
func mjpeg(picture func() []byte, saysLength bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", `multipart/x-mixed-replace; boundary="--lane"`)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			data := picture()
			length := ""
			if saysLength {
				length = fmt.Sprintf("Content-Length: %d\r\n", len(data))
			}
			if _, err := fmt.Fprintf(w, "--lane\r\nContent-Type: image/jpeg\r\n%s\r\n%s\r\n", length, data); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush() // the caller may have gone
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}
}

// Both kinds of web camera are away with a reason while they are, and come back by
// themselves.
func TestWebCamerasComeBack(t *testing.T) {
	t.Parallel()
	picture := numbered(t)
	snapshot := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(picture())
	}
	for name, handler := range map[string]http.HandlerFunc{
		"snapshot": snapshot, "mjpeg": mjpeg(picture, true), "mjpeg without lengths": mjpeg(picture, false),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, stop := serveAt(t, "", handler)
			var log strings.Builder
			source := webCamera(t, "http://lane:s3cr3t@"+address+"/picture?channel=1&password=s3cr3t", hurried, &log)
			until(t, source, "a picture", good)
			stop()
			until(t, source, "away", says("The camera refuses the connection."))
			serveAt(t, address, handler)
			until(t, source, "back", good)
			if strings.Contains(log.String(), "s3cr3t") || !strings.Contains(log.String(), "a camera is away") {
				t.Errorf("the log: %s", log.String())
			}
		})
	}
}

// What a camera answers is told in a plain sentence.
func TestWebCameraReasons(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"The camera refuses the password.":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
		"The camera has nothing at this address.":      http.NotFound,
		"The camera answered with an error (500).":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"The camera answered with what is no picture.": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "image/jpeg") },
		"The camera sends to another address.": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		},
		"The camera answered with a page and not with a picture; check its address.": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<!doctype html><html>"))
		},
		"The camera's stream holds what is no picture.": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
			_, _ = io.WriteString(w, "--x\r\n\r\nnothing\r\n--x\r\n")
		},
		"The camera is connected and sends no pictures.": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
			_ = http.NewResponseController(w).Flush() // the caller may have gone
			<-r.Context().Done()
		},
	}
	for sentence, handler := range answers {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			address, _ := serveAt(t, "", handler)
			until(t, webCamera(t, "http://"+address+"/", hurried, io.Discard), sentence, says(sentence))
		})
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"The camera's name is not known on this network.": &net.DNSError{Err: "no such host", IsNotFound: true},
		"The camera does not answer.":                     fmt.Errorf("dial: %w", context.DeadlineExceeded),
		"The connection to the camera was lost.":          errors.New("read http://lane:s3cr3t@camera/: broken pipe"),
	} {
		if got := parking.ErrorMessage(reason(err)); got != want {
			t.Errorf("%v is told as %q, want %q", err, got, want)
		}
	}
}

// A camera may want Digest or Basic; Basic is used only where it is asked for.
func TestWebCameraPasswords(t *testing.T) {
	t.Parallel()
	picture := numbered(t)
	var shown atomic.Bool
	md5Of := func(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }
	field := func(header, name string) string {
		_, rest, _ := strings.Cut(header, name+`="`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	handlers := map[string]http.HandlerFunc{
		"digest": func(w http.ResponseWriter, r *http.Request) {
			header := r.Header.Get("Authorization")
			shown.Store(shown.Load() || strings.HasPrefix(header, "Basic"))
			want := md5Of(md5Of("lane:camera:pa:ss") + ":n0nce:" + md5Of("GET:"+field(header, "uri")))
			if field(header, "response") != want {
				w.Header().Set("WWW-Authenticate", `Digest realm="camera", nonce="n0nce"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = w.Write(picture())
		},
		"basic": func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "lane" || password != "pa:ss" {
				w.Header().Set("WWW-Authenticate", `Basic realm="camera"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = w.Write(picture())
		},
	}
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("pa:ss\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, handler := range handlers {
		address, _ := serveAt(t, "", handler)
		until(t, webCamera(t, "http://lane:pa%3Ass@"+address+"/", hurried, io.Discard), name, good)
		until(t, webCamera(t, "http://lane@"+address+"/#password-file="+url.QueryEscape(file), hurried, io.Discard), name+" from a file", good)
		until(t, webCamera(t, "http://lane:wrong@"+address+"/", hurried, io.Discard), name+" refused", says("The camera refuses the password."))
		until(t, webCamera(t, "http://lane@"+address+"/#password-file=/nonexistent", hurried, io.Discard), "no file", func(_ Frame, err error) bool {
			return err != nil && strings.Contains(err.Error(), "password file")
		})
	}
	if shown.Load() {
		t.Error("the password was shown to a camera that asks for Digest")
	}
}

// Nobody asks: the camera's connection is closed, and it sends to nobody.
func TestUnusedCameraCostsNothing(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	stream := mjpeg(numbered(t), true)
	address, _ := serveAt(t, "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		streams.Add(1)
		defer streams.Add(-1)
		stream(w, r)
	}))
	times := hurried
	times.unused = 30 * time.Millisecond
	source := webCamera(t, "http://"+address+"/", times, io.Discard)
	if streams.Load() != 0 {
		t.Fatal("a camera was connected before a picture was wanted")
	}
	until(t, source, "a picture", good)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for streams.Load() > 0 {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the stream goes on with nobody who looks")
		}
	}
	until(t, source, "a picture again", good)
}

// A camera that is away is not asked at every question.
func TestAwayCameraIsLeftAlone(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	address, _ := serveAt(t, "", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	times := hurried
	times.retry, times.slowest = time.Hour, time.Hour
	source := webCamera(t, "http://"+address+"/", times, io.Discard)
	for range 50 {
		if _, err := source.Frame(t.Context()); parking.ErrorMessage(err) != "The camera answered with an error (500)." {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("a camera that is away was asked %d times", n)
	}
}

// Another device at the camera's address is an alarm and gives no picture.
func TestAnotherDeviceIsRefused(t *testing.T) {
	t.Parallel()
	address, _ := serveAt(t, "", mjpeg(numbered(t), true))
	table := filepath.Join(t.TempDir(), "arp")
	text := "IP address       HW type     Flags       HW address            Mask     Device\n" +
		"127.0.0.1        0x1         0x2         52:54:00:12:34:56     *        eth0\n"
	if err := os.WriteFile(table, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for mac, right := range map[string]func(Frame, error) bool{
		"52:54:00:12:34:56": good,
		"52:54:00:12:34:57": says("Another device (52:54:00:12:34:56) answers at the camera's address."),
	} {
		source, err := Open("http://"+address+"/#mac="+mac, Options{arp: table})
		if err != nil {
			t.Fatal(err)
		}
		until(t, source, mac, right)
		if err := Close(source); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParts(f *testing.F) {
	picture := numbered(f)()
	f.Add("--x\r\nContent-Length: "+fmt.Sprint(len(picture))+"\r\n\r\n"+string(picture)+"\r\n--x--\r\n", "x")
	f.Add("--x\r\n\r\n"+string(picture)+"\r\n--x\r\n\r\n", "--x")
	f.Add("--x\nContent-Length: 99999999999\n\n", "x")
	f.Add("--x\r\nContent-Length: -1\r\n\r\n", "")
	f.Add("\r\n\r\n\r\n", "x")
	f.Fuzz(func(t *testing.T, text, boundary string) {
		parts := newParts(strings.NewReader(text), boundary)
		total := 0
		for {
			picture, err := parts.next()
			if err != nil {
				return
			}
			if total += len(picture); total > len(text) {
				t.Fatalf("%d bytes of pictures come from a stream of %d", total, len(text))
			}
		}
	})
}
