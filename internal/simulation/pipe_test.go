package simulation

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// bufferBytes is how much of one direction is on its way at most, as the
// kernels' buffers of a TCP connection. net.Pipe has none, and two sides that
// both write first would wait for each other.
const bufferBytes = 64 << 10

var errReset = errors.New("connection reset by peer")

// stream is one direction of a connection, for one reader and one writer at a
// time.
type stream struct {
	mu       sync.Mutex
	parts    []part
	bytes    int
	ended    error // what the reader gets after the bytes that are left
	gone     error // what the writer gets: nobody reads any more
	readable chan struct{}
	writable chan struct{}
}

// part are bytes that arrive together.
type part struct {
	at time.Time
	b  []byte
}

func newStream() *stream {
	return &stream{readable: make(chan struct{}, 1), writable: make(chan struct{}, 1)}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *stream) read(b []byte, until <-chan struct{}) (int, error) {
	for {
		n, late, err := s.take(b)
		switch {
		case n > 0:
			wake(s.writable)
			return n, nil
		case err != nil || len(b) == 0:
			return 0, err
		}
		var arrival <-chan time.Time
		if late > 0 {
			arrival = time.After(late)
		}
		select {
		case <-s.readable:
		case <-arrival:
		case <-until:
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// take takes what has arrived, and says after how long the next part does.
func (s *stream) take(b []byte) (n int, late time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parts) == 0 {
		return 0, 0, s.ended
	}
	first := &s.parts[0]
	if late = time.Until(first.at); late > 0 {
		return 0, late, nil
	}
	n = copy(b, first.b)
	s.bytes -= n
	if first.b = first.b[n:]; len(first.b) == 0 {
		s.parts = s.parts[1:]
	}
	return n, 0, nil
}

// write puts b on its way, to arrive after delay and after what went before.
func (s *stream) write(b []byte, delay time.Duration, until <-chan struct{}) (n int, err error) {
	at := time.Now().Add(delay)
	for {
		s.mu.Lock()
		if s.gone != nil {
			s.mu.Unlock()
			return n, s.gone
		}
		fits := min(len(b), bufferBytes-s.bytes)
		if fits > 0 {
			if k := len(s.parts); k > 0 && s.parts[k-1].at.After(at) {
				at = s.parts[k-1].at
			}
			s.parts = append(s.parts, part{at, bytes.Clone(b[:fits])})
			s.bytes += fits
		}
		s.mu.Unlock()
		n, b = n+fits, b[fits:]
		if fits > 0 {
			wake(s.readable)
		}
		if len(b) == 0 {
			return n, nil
		}
		select {
		case <-s.writable:
		case <-until:
			return n, os.ErrDeadlineExceeded
		}
	}
}

// end tells the reader that nothing comes after what is there, or, by a
// reset, that nothing comes at all; quit tells the writer that nobody reads.
func (s *stream) end(err error) {
	s.mu.Lock()
	if s.ended == nil {
		s.ended = err
	}
	if !errors.Is(err, io.EOF) {
		s.parts, s.bytes = nil, 0
	}
	s.mu.Unlock()
	wake(s.readable)
}

func (s *stream) quit(err error) {
	s.mu.Lock()
	if s.gone == nil {
		s.gone = err
	}
	s.mu.Unlock()
	wake(s.writable)
}

// deadline closes its channel when its time has come.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	over  chan struct{}
}

func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over == nil {
		d.over = make(chan struct{})
	}
	return d.over
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	select {
	case <-d.over: // of a nil channel nothing comes: then the default is taken
		d.over = make(chan struct{})
	default:
	}
	if d.over == nil {
		d.over = make(chan struct{})
	}
	over := d.over
	switch left := time.Until(t); {
	case t.IsZero():
	case left <= 0:
		close(over)
	default:
		d.timer = time.AfterFunc(left, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			select {
			case <-over:
			default:
				if d.over == over {
					close(over)
				}
			}
		})
	}
}

// socket is one end of a connection without a network.
type socket struct {
	in, out     *stream
	read, write deadline
	once        sync.Once
}

// newSockets makes the two ends of a connection.
func newSockets() (*socket, *socket) {
	up, down := newStream(), newStream()
	return &socket{in: down, out: up}, &socket{in: up, out: down}
}

// Read, Write and Close are net.Conn's.
func (s *socket) Read(b []byte) (int, error) { return s.in.read(b, s.read.wait()) }

// Write puts b on its way.
func (s *socket) Write(b []byte) (int, error) { return s.send(b, 0) }

// send is Write for bytes that take their time.
func (s *socket) send(b []byte, delay time.Duration) (int, error) {
	return s.out.write(b, delay, s.write.wait())
}

// Close lets the other side read what is on its way.
func (s *socket) Close() error {
	s.once.Do(func() {
		s.hush()
		s.out.end(io.EOF)
		s.in.quit(errReset)
	})
	return nil
}

// hush closes this side and tells the other nothing.
func (s *socket) hush() {
	s.in.end(net.ErrClosed)
	s.out.quit(net.ErrClosed)
	s.SetDeadline(time.Time{}) //nolint:errcheck // stops the timers, and has no error
}

// reset ends both directions at once.
func (s *socket) reset() {
	s.hush()
	s.out.end(errReset)
	s.in.quit(errReset)
}

// LocalAddr and RemoteAddr are net.Conn's.
func (s *socket) LocalAddr() net.Addr { return address("here:1") }

// RemoteAddr is nowhere in particular.
func (s *socket) RemoteAddr() net.Addr { return address("there:1") }

// SetDeadline sets both deadlines.
func (s *socket) SetDeadline(t time.Time) error {
	s.read.set(t)
	s.write.set(t)
	return nil
}

// SetReadDeadline bounds reading.
func (s *socket) SetReadDeadline(t time.Time) error {
	s.read.set(t)
	return nil
}

// SetWriteDeadline bounds writing.
func (s *socket) SetWriteDeadline(t time.Time) error {
	s.write.set(t)
	return nil
}
