package vision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"gatehouse/parking"
)

// The protocol of vision capture, in the same frames as that of vision serve. One
// process decodes one camera:
//
//	gate → worker   number 1: the spec of the camera, which may hold a password
//	gate → worker   number n: nothing; the newest picture, please
//	worker → gate   number n: 'P' and a JPEG, or 'E' and a refusal as JSON
//
// The worker greets first and ends when its input ends.
const (
	maxSpecBytes    = 4 << 10
	maxCaptureBytes = MaxPictureBytes + numberBytes + 1
	captureTimeout  = 10 * time.Second
	tagPicture      = 'P'
	tagRefusal      = 'E'
)

// CaptureConfig is what a Capture is made of.
type CaptureConfig struct {
	Path    string        // program of the worker
	Args    []string      // its arguments; default "capture"
	Spec    string        // of the camera, for a PictureSource of the worker; given over its standard input
	Timeout time.Duration // a worker that takes longer to open or to answer is killed; default 10 s
	Log     *slog.Logger  // default discards
}

// Capture is the gate's side of a process that decodes one camera's pictures.
// Its methods are safe for several goroutines; one asks at a time. It is not
// started again when it ends: who made it makes another.
type Capture struct {
	timeout time.Duration
	turn    chan struct{}
	in      io.Writer
	replies chan frame
	kill    context.CancelFunc
	gone    chan struct{} // closed when the process has ended
	number  uint64        // of the last request; held with the turn
	hint    error         // what the decoder's own words mean; read after gone
}

// hints are what FFmpeg prints where OpenCV tells nothing but that it failed.
var hints = []struct{ words, sentence string }{
	{"401 Unauthorized", "The camera refuses the password."},
	{"403 Forbidden", "The camera refuses the password."},
	{"404 Not Found", "The camera has nothing at this address."},
}

// listen looks for a hint in a line of the worker's standard error.
func (c *Capture) listen(line string) {
	for _, h := range hints {
		if strings.Contains(line, h.words) {
			c.hint = parking.Errorf(parking.Unavailable, "%s", h.sentence)
		}
	}
}

// StartCapture starts a worker and has it open the camera. The error is
// Unavailable with a sentence: what the worker said, or that it cannot be
// started. Close ends the worker; ctx is for the start only.
func StartCapture(ctx context.Context, config CaptureConfig) (*Capture, error) {
	if config.Args == nil {
		config.Args = []string{"capture"}
	}
	if config.Timeout == 0 {
		config.Timeout = captureTimeout
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if len(config.Spec) > maxSpecBytes {
		return nil, parking.Errorf(parking.Invalid, "The camera's address is too long.")
	}
	c := &Capture{
		timeout: config.Timeout, turn: make(chan struct{}, 1), replies: make(chan frame), gone: make(chan struct{}),
	}
	running, kill := context.WithCancel(context.Background())
	c.kill = kill
	started := make(chan error, 1)
	go c.run(running, config, started)
	if err := <-started; err != nil {
		<-c.gone
		config.Log.Error("start a camera's decoder", "path", config.Path, "error", err)
		return nil, parking.Errorf(parking.Unavailable, "The program that decodes this camera's pictures cannot be started.")
	}
	if _, err := c.ask(ctx, []byte(config.Spec)); err != nil {
		_ = c.Close() // it never fails; then all that the worker said is known
		if c.hint != nil && parking.ErrorCode(err) == parking.Unavailable {
			return nil, c.hint
		}
		return nil, err
	}
	return c, nil
}

// run is the process's life. It keeps its thread: the kernel kills the process
// when the thread that started it ends.
func (c *Capture) run(ctx context.Context, config CaptureConfig, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.gone)
	defer c.kill()
	command := exec.CommandContext(ctx, config.Path, config.Args...)
	command.WaitDelay = 2 * time.Second
	dieWithParent(command)
	command.Stderr = &logLines{log: config.Log, hear: c.listen}
	in, err := command.StdinPipe()
	if err != nil {
		started <- fmt.Errorf("make a pipe: %w", err)
		return
	}
	out, err := command.StdoutPipe()
	if err != nil {
		started <- fmt.Errorf("make a pipe: %w", err)
		return
	}
	if err := command.Start(); err != nil {
		started <- fmt.Errorf("start: %w", err)
		return
	}
	c.in = in
	started <- nil
	if err := c.pass(ctx, out); err != nil && ctx.Err() == nil {
		config.Log.Warn("a camera's decoder sent what is no reply", "error", err)
	}
	c.kill() // output that ended without the process means that it is of no use
	if err := command.Wait(); err != nil {
		config.Log.Debug("a camera's decoder has ended", "error", err)
	}
}

// pass hands on the replies until the output ends.
func (c *Capture) pass(ctx context.Context, out io.Reader) error {
	f, err := readFrame(out, maxReplyBytes)
	if err != nil {
		return err
	}
	if err := checkHello(f); err != nil {
		return err
	}
	for {
		f, err := readFrame(out, maxCaptureBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case c.replies <- f:
		case <-ctx.Done():
			return nil
		}
	}
}

// Picture returns the newest picture, JPEG. The error is Unavailable with a
// sentence, or the context's; after one that is not the context's the Capture is
// of no use any more.
func (c *Capture) Picture(ctx context.Context) ([]byte, error) { return c.ask(ctx, nil) }

func (c *Capture) ask(ctx context.Context, body []byte) ([]byte, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a camera's decoder: %w", ctx.Err())
	}
	ended := parking.Errorf(parking.Unavailable, "The program that decodes this camera's pictures has ended.")
	c.number++
	number := c.number
	// A process that hangs takes no input either, so that the limit covers the
	// writing too.
	limit := time.AfterFunc(c.timeout, c.kill)
	defer limit.Stop()
	if err := writeFrame(c.in, frame{number, body}, maxSpecBytes+numberBytes); err != nil {
		return nil, ended
	}
	for {
		select {
		case f := <-c.replies:
			if f.number == number { // else the answer to a question that was given up
				return parseCaptured(f.body)
			}
		case <-c.gone:
			return nil, ended
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a camera's decoder: %w", ctx.Err())
		}
	}
}

// parseCaptured takes an answer apart and checks the picture's header.
func parseCaptured(body []byte) ([]byte, error) {
	garbage := parking.Errorf(parking.Unavailable, "The program that decodes this camera's pictures answered with garbage.")
	if len(body) == 0 {
		return nil, garbage
	}
	switch body[0] {
	case tagPicture:
		if err := CheckPicture(body[1:]); err != nil {
			return nil, garbage
		}
		return body[1:], nil
	case tagRefusal:
		if got, err := parseReply(body[1:]); err == nil && got.Reading == nil {
			return nil, parking.Errorf(got.Code, "%s", got.Message)
		}
	}
	return nil, garbage
}

// Close ends the process and waits until it is gone.
func (c *Capture) Close() error {
	c.kill()
	<-c.gone
	return nil
}

// PictureSource is what the worker makes of a spec: a camera whose newest picture
// can be asked for. Its errors carry a sentence for the gate.
type PictureSource interface {
	Picture() ([]byte, error)
	Close() error
}

// ServeCapture is the worker's side: it says hello, opens the camera that the
// first frame names and answers each further frame with its newest picture, until
// in ends (nil), ctx does, or the camera fails (nil: the gate was told).
func ServeCapture(ctx context.Context, in io.Reader, out io.Writer, open func(spec string) (PictureSource, error)) (err error) {
	if err := writeHello(out); err != nil {
		return err
	}
	request, err := readFrame(in, maxSpecBytes+numberBytes)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	source, err := open(string(request.body))
	if err != nil {
		return writeFrame(out, frame{request.number, refusalOf(err)}, maxCaptureBytes)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	for ctx.Err() == nil {
		picture, failed := source.Picture()
		body := refusalOf(failed)
		if failed == nil {
			body = append([]byte{tagPicture}, picture...)
		}
		if err := writeFrame(out, frame{request.number, body}, maxCaptureBytes); err != nil {
			return err
		}
		if failed != nil {
			return nil
		}
		if request, err = readFrame(in, maxSpecBytes+numberBytes); errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func refusalOf(err error) []byte {
	if err == nil {
		return nil
	}
	body, err := json.Marshal(reply{Code: parking.ErrorCode(err), Message: parking.ErrorMessage(err)})
	if err != nil {
		return nil // a struct of two strings is always encoded
	}
	return append([]byte{tagRefusal}, body...)
}
