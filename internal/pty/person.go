package pty

import (
	"bytes"
	"io"
	"regexp"
	"sync"
	"time"
)

// Person sits at a terminal: it counts what arrives, waits for texts, and its
// terminal answers where its cursor is.
type Person struct {
	answers io.Writer // nil: a terminal that does not

	mu    sync.Mutex
	sum   int
	tail  []byte // the end of what came, in which questions are looked for
	since []byte // what came since want is awaited
	want  []byte
	came  chan time.Time
}

// NewPerson is a person whose terminal answers to a line, nil for one that
// never answers.
func NewPerson(answers io.Writer) *Person { return &Person{answers: answers} }

var asksCursor = regexp.MustCompile(`\x1b\[(\d+;\d+)H\x1b\[6n`)

// See takes bytes that have arrived.
func (p *Person) See(b []byte) {
	p.mu.Lock()
	p.sum += len(b)
	p.tail = append(p.tail, b...)
	if p.want != nil {
		p.since = append(p.since, b...)
		if bytes.Contains(p.since, p.want) {
			p.want, p.since = nil, nil
			p.came <- time.Now()
		}
	}
	var reply []byte
	done := 0
	for _, at := range asksCursor.FindAllSubmatchIndex(p.tail, -1) {
		reply = append(append(append(reply, "\x1b["...), p.tail[at[2]:at[3]]...), 'R')
		done = at[1]
	}
	p.tail = p.tail[max(done, len(p.tail)-64):]
	p.mu.Unlock()
	if reply != nil && p.answers != nil {
		_, _ = p.answers.Write(reply) // a terminal that is gone answers nothing
	}
}

// Bytes is how many have arrived.
func (p *Person) Bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sum
}

// Await returns a channel that gets the time at which text arrives from now
// on; text must be drawn in one run of cells.
func (p *Person) Await(text string) <-chan time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.want, p.came = nil, []byte(text), make(chan time.Time, 1)
	return p.came
}

// Watch lets p see what r brings until r ends.
func (p *Person) Watch(r io.Reader) {
	var buf [4096]byte
	for {
		n, err := r.Read(buf[:])
		if n > 0 {
			p.See(buf[:n])
		}
		if err != nil {
			return
		}
	}
}
