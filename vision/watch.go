package vision

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// worker is one running worker process.
type worker struct {
	in   io.WriteCloser
	gone chan struct{} // closed when the process has ended
	kill func(why string)

	mu      sync.Mutex
	waiting map[uint64]chan []byte
}

// expect registers a request before it is sent.
func (w *worker) expect(number uint64) <-chan []byte {
	answer := make(chan []byte, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting[number] = answer
	return answer
}

func (w *worker) forget(number uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, number)
}

// watch keeps a worker running until ctx ends.
func (c *Client) watch(ctx context.Context) {
	// The kernel kills the worker when the thread that started it ends, not
	// the process: this goroutine keeps its thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	var starts []time.Time
	wait := c.config.Backoff
	for {
		began := c.config.Now()
		starts = append(starts, began)
		reason := c.runOnce(ctx)
		if ctx.Err() != nil {
			c.setState(StateDown, "The vision worker was stopped.")
			return
		}
		c.setState(StateDown, reason)
		c.config.Log.Warn("vision worker ended", "reason", reason)
		now := c.config.Now()
		if now.Sub(began) > startsWindow {
			wait = c.config.Backoff // it had run well
		}
		pause := pauseBeforeStart(starts, now, wait, c.config.MaxStarts)
		wait = min(2*wait, maxBackoff)
		starts = starts[max(0, len(starts)-c.config.MaxStarts):]
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			c.setState(StateDown, "The vision worker was stopped.")
			return
		}
		c.mu.Lock()
		c.status.Restarts++
		c.mu.Unlock()
	}
}

// pauseBeforeStart is how long to wait before the next start: the backoff with
// up to as much jitter, and longer where the last minute has seen its starts.
func pauseBeforeStart(starts []time.Time, now time.Time, backoff time.Duration, maxStarts int) time.Duration {
	pause := backoff + rand.N(backoff)
	if len(starts) >= maxStarts {
		oldest := starts[len(starts)-maxStarts]
		pause = max(pause, oldest.Add(startsWindow).Sub(now))
	}
	return pause
}

// runOnce runs one worker to its end and says, in a sentence, why it ended.
func (c *Client) runOnce(ctx context.Context) string {
	c.setState(StateStarting, "")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	command := exec.CommandContext(ctx, c.config.Path, c.config.Args...)
	command.WaitDelay = 2 * time.Second
	dieWithParent(command)
	command.Stderr = &logLines{log: c.config.Log}
	in, err := command.StdinPipe()
	if err != nil {
		return "The vision worker cannot be started: no pipe."
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return "The vision worker cannot be started: no pipe."
	}
	if err := command.Start(); err != nil {
		c.config.Log.Error("start the vision worker", "path", c.config.Path, "error", err)
		return "The vision worker cannot be started. Check the path in the gate's configuration."
	}
	var once sync.Once
	reason := "The vision worker ended by itself."
	pid := command.Process.Pid
	w := &worker{in: in, gone: make(chan struct{}), waiting: map[uint64]chan []byte{}}
	w.kill = func(why string) {
		once.Do(func() { reason = "The vision worker was stopped: " + why + "." })
		cancel()
	}
	if err := c.greet(w, pid, out); err != nil {
		c.config.Log.Error("greet the vision worker", "error", err)
		if errors.Is(err, errVersion) {
			w.kill("it is of another version than this gate; install both from one release")
		}
		w.kill("it did not say hello")
	} else if err := w.readReplies(out); err != nil {
		c.config.Log.Error("read from the vision worker", "error", err)
		w.kill("it sent what is no reply")
	}
	c.mu.Lock()
	c.worker = nil // nobody asks it any more
	c.mu.Unlock()
	// Output that ended without the process means that it is of no use.
	cancel()
	if err := command.Wait(); err != nil {
		c.config.Log.Debug("vision worker's exit", "error", err)
	}
	close(w.gone)
	once.Do(func() {}) // orders the reading of reason after its writing
	return reason
}

// greet waits for the worker's hello and lets it be asked.
func (c *Client) greet(w *worker, pid int, out io.Reader) error {
	limit := time.AfterFunc(helloTimeout, func() { w.kill("it was not ready in time") })
	defer limit.Stop()
	f, err := readFrame(out, maxReplyBytes)
	if err != nil {
		return err
	}
	if err := checkHello(f); err != nil {
		return err
	}
	c.mu.Lock()
	c.worker, c.status.PID = w, pid // before the state says so: whoever waited asks at once
	c.mu.Unlock()
	c.setState(StateUp, "")
	return nil
}

// logLines passes what the worker says on standard error to the log, line by
// line, each cut to a bounded length and without passwords.
type logLines struct {
	log     *slog.Logger
	hear    func(line string) // nil for nobody
	pending []byte
}

const maxLogLine = 500

func (l *logLines) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case b == '\n':
			if line := bytes.TrimSpace(l.pending); len(line) > 0 {
				l.log.Info("vision worker says", "line", Redacted(string(line)))
				if l.hear != nil {
					l.hear(string(line))
				}
			}
			l.pending = l.pending[:0]
		case len(l.pending) < maxLogLine:
			l.pending = append(l.pending, b)
		}
	}
	return len(p), nil
}
