package device_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// lineBoard is a sign that takes lines over TCP.
func lineBoard(t *testing.T) (address string, texts chan string, fail func()) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	texts = make(chan string, 16)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			text, err := io.ReadAll(conn)
			if err == nil {
				texts <- string(text)
			}
			_ = conn.Close()
		}
	}()
	fail = func() { _ = l.Close() }
	t.Cleanup(func() { fail(); <-ended })
	return l.Addr().String(), texts, fail
}

// Every sign keeps the same rules; a new driver joins this table.
func TestSignsConform(t *testing.T) {
	t.Parallel()
	simulator := device.NewSignSimulator()
	var status atomic.Int64
	status.Store(http.StatusNoContent)
	bodies := make(chan string, 16)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var shown device.Shown
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &shown) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if status.Load() == http.StatusNoContent {
			bodies <- strings.Join(shown.Lines, "\r\n") + "\r\n"
		}
		w.WriteHeader(int(status.Load()))
	}))
	t.Cleanup(web.Close)
	address, texts, cut := lineBoard(t)
	open := func(spec string) device.Sign {
		s, err := device.OpenSign(spec)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	next := func(from chan string) func() string {
		return func() string {
			select {
			case text := <-from:
				return text
			case <-time.After(10 * time.Second):
				return "nothing"
			}
		}
	}
	for _, c := range []struct {
		name  string
		sign  device.Sign
		shows func() string // the lines that it shows now, as a line sign gets them
		fail  func()
	}{
		{"simulator", simulator, func() string {
			shown, _ := simulator.Shown()
			return strings.Join(shown[len(shown)-1].Lines, "\r\n") + "\r\n"
		}, func() { simulator.Break("unplugged") }},
		{"http", open(web.URL + "/show"), next(bodies), func() { status.Store(http.StatusFound) }},
		{"lines", open("tcp:" + address), next(texts), cut},
	} {
		t.Run(c.name, func(t *testing.T) {
			fee := device.Shown{Kind: device.ShowsFee, Plate: "30A-123.45", Amount: 8000, Currency: "VND", Lines: []string{"30A-123.45", "8.000 ₫"}}
			for range 2 { // the same again is no error
				if err := c.sign.Show(t.Context(), fee); err != nil {
					t.Fatalf("a working sign refused: %v", err)
				}
				if got := c.shows(); got != "30A-123.45\r\n8.000 ₫\r\n" {
					t.Fatalf("it shows %q", got)
				}
			}
			if err := c.sign.Show(t.Context(), device.Shown{Kind: device.ShowsFull, Lines: []string{"FULL"}}); err != nil || c.shows() != "FULL\r\n" {
				t.Fatalf("it does not show the next: %v", err)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.sign.Show(ended, fee); parking.ErrorCode(err) != parking.Unavailable {
				t.Errorf("with an ended context: %v, want unavailable", err)
			}
			c.fail()
			if err := c.sign.Show(t.Context(), fee); parking.ErrorCode(err) != parking.Unavailable {
				t.Errorf("broken: %v, want unavailable", err)
			}
		})
	}
}

func TestOpenSignRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"", "sim", "http://", "tcp:", "tcp:host", "none:", "modbus://h/coil/1"} {
		if _, err := device.OpenSign(spec); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("OpenSign(%q): %v, want invalid", spec, err)
		}
	}
}
