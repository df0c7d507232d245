package vision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"gatehouse/parking"
)

// State is how the worker is.
type State string

// The states of the worker.
const (
	StateStarting State = "starting" // the process runs and has not said hello
	StateUp       State = "up"
	StateDown     State = "down" // not configured, or died and waiting to be started again
)

// Status is what the banner of a gate shows of its worker.
type Status struct {
	State    State
	Since    time.Time // when State began
	Restarts int       // how often the worker was started again
	Reason   string    // why it is down, a sentence; "" otherwise
	PID      int       // of the worker's process while it is up; 0 otherwise
}

// Config of a Client. Zero values take the defaults named.
type Config struct {
	Path        string           // program of the worker; "" means that there is none and Read is always Unavailable
	Args        []string         // its arguments; default "serve"
	ReadTimeout time.Duration    // a worker that takes longer over one picture is killed; default 10 s
	Backoff     time.Duration    // wait before the first restart, doubled up to 30 s; default 250 ms
	MaxStarts   int              // starts within any minute; default 5
	Now         func() time.Time // default time.Now
	Log         *slog.Logger     // default discards
}

const (
	startsWindow = time.Minute
	maxBackoff   = 30 * time.Second
	helloTimeout = 20 * time.Second // loading Tesseract from a cold disk
)

// Client is the gate's side: it owns one worker process. Its methods are safe
// for several goroutines; one picture is read at a time.
type Client struct {
	config Config
	turn   chan struct{} // holds one token: whose turn it is to ask
	cancel context.CancelFunc
	done   chan struct{} // closed when the watch has ended and the worker is gone

	mu      sync.Mutex
	status  Status
	changed chan struct{} // closed and made anew when the state changes
	worker  *worker       // nil unless up
	number  uint64
}

// NewClient starts a worker and the watch over it. It never fails: a worker
// that cannot be started shows in Status, and the gate works without it.
func NewClient(config Config) *Client {
	if config.Args == nil {
		config.Args = []string{"serve"}
	}
	if config.ReadTimeout == 0 {
		config.ReadTimeout = 10 * time.Second
	}
	if config.Backoff == 0 {
		config.Backoff = 250 * time.Millisecond
	}
	if config.MaxStarts == 0 {
		config.MaxStarts = 5
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Client{config: config, turn: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}), changed: make(chan struct{})}
	c.status = Status{State: StateDown, Since: config.Now(), Reason: "No vision worker is configured."}
	if config.Path == "" {
		close(c.done)
		return c
	}
	c.setState(StateStarting, "")
	go c.watch(ctx)
	return c
}

// Close ends the worker and waits until it is gone.
func (c *Client) Close() error {
	c.cancel()
	<-c.done
	return nil
}

// Status returns how the worker is.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

func (c *Client) setState(state State, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status.State != state {
		c.status.Since = c.config.Now()
		close(c.changed)
		c.changed = make(chan struct{})
	}
	c.status.State, c.status.Reason = state, reason
	if state != StateUp {
		c.worker, c.status.PID = nil, 0
	}
}

// Read asks the worker to read a picture (JPEG or PNG) under a country's plate
// grammar ("vn", "any"). The error is an Error: Invalid or TooLarge for what
// is no picture, Unavailable when the worker is down, died over it or took too
// long; or the context's. A worker that is just starting is waited for. With
// Unavailable the guard types the plate.
func (c *Client) Read(ctx context.Context, picture []byte, country string) (Reading, error) {
	if err := CheckPicture(picture); err != nil {
		return None(), err
	}
	body, err := requestBody(picture, country)
	if err != nil {
		return None(), err
	}
	if _, err := c.running(ctx); err != nil {
		return None(), err // at once, without waiting for a turn
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return None(), fmt.Errorf("wait for the vision worker: %w", ctx.Err())
	}
	defer func() { <-c.turn }()
	w, err := c.running(ctx)
	if err != nil {
		return None(), err
	}
	return c.ask(ctx, w, body)
}

// running returns the worker, after its start where it is starting.
func (c *Client) running(ctx context.Context) (*worker, error) {
	for {
		c.mu.Lock()
		w, state, changed := c.worker, c.status.State, c.changed
		c.mu.Unlock()
		switch {
		case w != nil:
			return w, nil
		case state != StateStarting:
			return nil, parking.Errorf(parking.Unavailable, "The plate reader is not running. Type the plate by hand.")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, parking.Errorf(parking.Unavailable, "The vision worker is starting; plates are typed until then.")
		}
	}
}

// ask sends the request and waits for its reply. An answer that comes after
// the context has ended is thrown away by the worker's reader.
func (c *Client) ask(ctx context.Context, w *worker, body []byte) (Reading, error) {
	c.mu.Lock()
	c.number++
	number := c.number
	c.mu.Unlock()
	answer := w.expect(number)
	defer w.forget(number)
	// A worker that hangs does not take its input either, so that the limit
	// covers the writing too: killing it ends the write.
	limit := time.AfterFunc(c.config.ReadTimeout, func() { w.kill("it took too long over a picture") })
	defer limit.Stop()
	if err := writeFrame(w.in, frame{number, body}, maxRequestBytes); err != nil {
		return None(), parking.Errorf(parking.Unavailable, "The plate reader stopped over this picture. Type the plate by hand.")
	}
	select {
	case got := <-answer:
		return w.reading(got)
	case <-w.gone:
		select { // it may have answered with its last breath
		case got := <-answer:
			return w.reading(got)
		default:
		}
		return None(), parking.Errorf(parking.Unavailable, "The plate reader stopped over this picture. Type the plate by hand.")
	case <-ctx.Done():
		return None(), fmt.Errorf("read a plate: %w", ctx.Err())
	}
}

// reading takes a reply apart. A worker that answers with garbage is ended:
// nothing that follows can be trusted.
func (w *worker) reading(body []byte) (Reading, error) {
	got, err := parseReply(body)
	if err != nil {
		w.kill("it sent what is no reply")
		return None(), parking.Errorf(parking.Unavailable, "The plate reader answered with garbage. Type the plate by hand.")
	}
	if got.Reading == nil {
		return None(), parking.Errorf(got.Code, "%s", got.Message)
	}
	return *got.Reading, nil
}

// readReplies hands each reply to who waits for it, until the worker ends.
func (w *worker) readReplies(out io.Reader) error {
	for {
		f, err := readFrame(out, maxReplyBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		w.mu.Lock()
		answer := w.waiting[f.number]
		w.mu.Unlock()
		if answer != nil {
			select {
			case answer <- f.body:
			default: // a second reply to one request is dropped
			}
		}
	}
}
