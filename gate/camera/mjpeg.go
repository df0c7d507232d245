package camera

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/parking"
	"gatehouse/vision"
)

// maxPartHead bounds the head of a part of an MJPEG stream, and of an answer.
const maxPartHead = 8 << 10

// stream is a camera that sends pictures by itself. It holds the newest one.
type stream struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed when no further picture comes

	mu      sync.Mutex
	newest  []byte
	at      time.Time
	arrived chan struct{} // closed and made anew with each picture
	why     error         // why it ended; read after ended
}

// newStream reads the parts of body until it ends, cancel is called or nothing
// comes for silence.
func newStream(body io.ReadCloser, boundary string, cancel context.CancelFunc, silence time.Duration) *stream {
	s := &stream{cancel: cancel, ended: make(chan struct{}), arrived: make(chan struct{})}
	go func() {
		defer close(s.ended)
		defer func() { _ = body.Close() }() // a stream has no end to miss
		watchdog := time.AfterFunc(silence, cancel)
		defer watchdog.Stop()
		parts := newParts(body, boundary)
		for {
			picture, err := parts.next()
			if err != nil {
				s.why = fmt.Errorf("read a camera's stream: %w", err)
				return
			}
			watchdog.Reset(silence)
			s.mu.Lock()
			s.newest, s.at = picture, time.Now()
			close(s.arrived)
			s.arrived = make(chan struct{})
			s.mu.Unlock()
		}
	}()
	return s
}

// picture returns the newest picture, or the next one where that is old.
func (s *stream) picture(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	newest, fresh, arrived := s.newest, time.Since(s.at) < maxAge, s.arrived
	s.mu.Unlock()
	if newest != nil && fresh {
		return newest, nil
	}
	select {
	case <-arrived:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.newest, nil
	case <-s.ended:
		if errors.Is(s.why, context.Canceled) {
			return nil, parking.Errorf(parking.Unavailable, "The camera is connected and sends no pictures.")
		}
		return nil, s.why
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a camera's picture: %w", ctx.Err())
	}
}

func (s *stream) close() {
	s.cancel()
	<-s.ended
}

// parts takes an MJPEG stream apart: multipart/x-mixed-replace as cameras write
// it, whose boundary in the head may have two dashes too many or too few, and
// whose parts may say how long they are or not.
type parts struct {
	in       *bufio.Reader
	boundary []byte // with its two dashes, without a line's end
	within   bool   // the boundary of the next part was read already
}

func newParts(r io.Reader, boundary string) *parts {
	return &parts{in: bufio.NewReaderSize(r, 64<<10), boundary: []byte("--" + strings.TrimPrefix(boundary, "--"))}
}

var errStream = errors.New("the camera's stream is not understood")

// next returns the next picture of the stream. Memory is taken as bytes come, at
// most vision.MaxPictureBytes.
func (p *parts) next() ([]byte, error) {
	if err := p.findBoundary(); err != nil {
		return nil, err
	}
	length := -1
	for read := 0; ; {
		line, err := p.in.ReadSlice('\n')
		if err != nil {
			return nil, fmt.Errorf("head of a part: %w", err)
		}
		if read += len(line); read > maxPartHead {
			return nil, errStream
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := strings.Cut(string(line), ":")
		if textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)) == "Content-Length" {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length < 0 || length > vision.MaxPictureBytes {
				return nil, errStream
			}
		}
	}
	picture, err := p.body(length)
	if err != nil {
		return nil, err
	}
	if vision.CheckPicture(picture) != nil {
		return nil, parking.Errorf(parking.Unavailable, "The camera's stream holds what is no picture.")
	}
	return picture, nil
}

// findBoundary skips to behind the next boundary; little stands before it.
func (p *parts) findBoundary() error {
	if p.within {
		p.within = false
		return nil
	}
	for skipped := 0; skipped <= maxPartHead; {
		line, err := p.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("boundary of a part: %w", err)
		}
		if bytes.HasPrefix(line, p.boundary) {
			return nil
		}
		skipped += len(line)
	}
	return errStream
}

// body reads a part's body: as long as it says, or to the next boundary.
func (p *parts) body(length int) ([]byte, error) {
	if length >= 0 {
		body, err := io.ReadAll(io.LimitReader(p.in, int64(length)))
		if err == nil && len(body) < length {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("body of a part: %w", err)
		}
		return body, nil
	}
	var body []byte
	for len(body) <= vision.MaxPictureBytes {
		piece, err := p.in.ReadSlice('\n')
		if bytes.HasPrefix(piece, p.boundary) && (len(body) == 0 || body[len(body)-1] == '\n') {
			p.within = true
			return bytes.TrimSuffix(bytes.TrimSuffix(body, []byte("\n")), []byte("\r")), nil
		}
		body = append(body, piece...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("body of a part: %w", err)
		}
	}
	return nil, errStream
}
