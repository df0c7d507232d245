package tui

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// What a line to a terminal is taken to be.
const (
	deafAfter    = 5 * time.Second        // without any answer: the terminal never answers
	firstWait    = 250 * time.Millisecond // for an answer, before there was one
	answerWait   = 3 * time.Second        // for an answer later on: it got lost
	slowestRate  = 300                    // bytes a second that the slowest line carries
	usualRate    = 900                    // bytes a second that one carries which is worth waiting for
	pictureRate  = 6000                   // bytes a second that pictures need
	fastestRate  = 1 << 20                // bytes a second beyond which lines are alike
	measurable   = 1500                   // bytes from which on a frame measures the line
	tellingBytes = 300                    // the same once the distance is known
	bulkBytes    = 15_000                 // from which on it is the line and not the terminal's pace that is measured
	firstColumn  = 20                     // of a question; further left it reads like a function key
	columns      = 60
)

const (
	enterScreen = "\x1b[?1049h"
	leaveScreen = "\x1b[?1049l"
)

// line is the way to the terminal. A slow way holds far more than a guard
// would wait for: a serial line's buffer, a window of TCP or SSH. So each frame
// ends with a question for the cursor's position, asked where no other frame
// asks it, and until it is answered no further frame is drawn: of what changes
// meanwhile only the newest is sent. A terminal that never answers is taken to
// be fast. A nil line is free, and carries pictures.
type line struct {
	out io.Writer
	now func() time.Time

	mu      sync.Mutex
	asking  bool // the terminal is on the console's screen, and large enough
	large   bool
	began   time.Time // of the first question
	heard   bool      // the terminal has answered once
	deaf    bool      // it never will
	asked   int
	total   int        // bytes that were asked about
	sent    []question // not answered yet, oldest first
	sure    int        // the frames up to this one are with the renderer
	nearest time.Duration
	rate    float64 // bytes a second, 0 while it is not known
	bulk    float64 // the same of large pictures alone, 0 before there was one
	bulkAt  time.Time
	slow    bool // too slow for pictures
}

// question is one that was sent behind a frame.
type question struct {
	column int // where it was asked, from 0
	frame  int // this frame, at least, stands before it
	bytes  int
	at     time.Time
}

func newLine(out io.Writer, now func() time.Time) *line { return &line{out: out, now: now} }

// Write sends p, a whole frame or what stands between two, with a question
// behind it.
func (l *line) Write(p []byte) (int, error) {
	n, err := l.out.Write(append(p[:len(p):len(p)], l.question(p)...))
	return min(n, len(p)), err
}

// question is the one to send behind p, "" for none. The cursor goes back to
// where the renderer left it.
func (l *line) question(p []byte) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if bytes.Contains(p, []byte(enterScreen)) {
		l.asking = true
	}
	if bytes.Contains(p, []byte(leaveScreen)) {
		l.asking = false // the answer would go to whoever comes after
	}
	if !l.asking || !l.large || l.deaf || bytes.IndexByte(p, 0x1b) < 0 {
		return ""
	}
	now := l.now()
	if l.asked == 0 {
		l.began = now
	}
	l.asked++
	q := question{column: firstColumn + l.asked%columns - 1, frame: l.sure, at: now}
	text := fmt.Sprintf("\x1b7\x1b[2;%dH\x1b[6n\x1b8", q.column+1)
	q.bytes = len(p) + len(text)
	l.total += q.bytes
	l.sent = append(l.sent[max(0, len(l.sent)-columns/2):], q) // a column is one question's
	return text
}

// sized tells whether the terminal is large enough to be asked.
func (l *line) sized(large bool) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.large = large
	if !large {
		l.sent = nil
	}
}

// rendered says that every frame up to this one is with the renderer: what is
// written from now on shows it.
func (l *line) rendered(frame int) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sure = frame
}

// answered takes the terminal's answer, a column from 0. It returns the frame
// that is painted at least; ok is false for an answer to nothing that was asked.
func (l *line) answered(column int) (frame int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := 0
	for i, q := range l.sent {
		sum += q.bytes
		if q.column != column {
			continue
		}
		l.sent = l.sent[i+1:]
		l.heard, l.deaf = true, false
		l.measure(sum, l.now().Sub(q.at))
		return q.frame, true
	}
	return 0, false
}

// measure learns how fast the line is from bytes that took d. Few bytes say
// how far the terminal is; that the line is fast they can say, too.
func (l *line) measure(sum int, d time.Duration) {
	took := d - l.nearest
	if took <= 0 { // nearer than all before: nothing is known of how much of it is the way
		took = max(d, time.Millisecond)
	}
	telling := sum >= measurable || l.nearest > 0 && sum >= tellingBytes
	if telling || float64(sum) >= pictureRate*d.Seconds() {
		rate := min(fastestRate, float64(sum)/took.Seconds())
		if sum >= bulkBytes {
			if l.tryBulk() {
				l.bulk = 2 * graphicsRate // one that a busy terminal has held up tells nothing yet
			}
			l.bulk, l.bulkAt = (l.bulk+rate)/2, l.now()
		}
		switch {
		case !telling: // it is at least as fast as this, the way included
			rate = max(l.rate, min(fastestRate, float64(sum)/d.Seconds()))
		case l.rate > 0:
			rate = (l.rate + rate) / 2
		}
		l.rate = rate
		switch {
		case rate < pictureRate:
			l.slow = true
		case rate > 3*pictureRate:
			l.slow = false
		}
	}
	if l.nearest == 0 || d < l.nearest {
		l.nearest = d
	}
}

// free says whether what was sent has arrived, or is not worth waiting for.
func (l *line) free() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.asked > 0 && !l.heard && now.Sub(l.began) > deafAfter+time.Duration(l.total)*time.Second/usualRate {
		l.deaf = true
	}
	if l.deaf {
		return true
	}
	for _, q := range l.sent {
		if now.Sub(q.at) <= l.patience(q) {
			return false
		}
	}
	return true
}

func (l *line) patience(q question) time.Duration {
	if !l.heard {
		return firstWait
	}
	return answerWait + time.Duration(q.bytes)*time.Second/slowestRate
}

// carriesPictures says whether the line is known to be fast enough for
// pictures, and slow that it is known not to be.
func (l *line) carriesPictures() (fast, slow bool) {
	if l == nil {
		return true, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deaf || l.rate > 0 && !l.slow, l.slow
}
