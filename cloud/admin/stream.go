package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"time"

	"gatehouse/cloud/auth"
)

// A stream lives for so long; the browser then opens another, which asks anew
// whether it may. Silence (a gate that is heard no more) is looked for every
// streamBeat; a burst of changes is sent as one after streamCalm.
const (
	streamLife = 10 * time.Minute
	streamBeat = 5 * time.Second
	streamCalm = 200 * time.Millisecond
)

const streamType = "text/event-stream"

// part is one live region of a page.
type part struct {
	event string
	html  []byte
}

// parts renders live regions: event name to template.
func (p *Pages) parts(page string, view any, regions map[string]string) ([]part, error) {
	var out []part
	for event, block := range regions {
		html, err := p.engine.render(page, block, view)
		if err != nil {
			return nil, err
		}
		out = append(out, part{event: event, html: html})
	}
	slices.SortFunc(out, func(a, b part) int { return bytes.Compare([]byte(a.event), []byte(b.event)) })
	return out, nil
}

// stream sends what render gives whenever the site has changed, each part only
// when it differs from what this browser was sent before.
func (p *Pages) stream(w http.ResponseWriter, r *http.Request, render func() ([]part, error)) {
	me, ok := auth.FromContext(r.Context())
	if !ok {
		p.fail(w, r, errNoPage)
		return
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", streamType) // and no more, for ten minutes
		return
	}
	changed, cancel := p.Watch(me.Site)
	defer cancel()
	s := sender{w: w, control: http.NewResponseController(w), sent: map[string][]byte{}}
	if err := s.open(); err != nil {
		p.fail(w, r, fmt.Errorf("open a stream: %w", err))
		return
	}
	beat, end := time.NewTicker(streamBeat), time.NewTimer(streamLife)
	defer beat.Stop()
	defer end.Stop()
	for {
		parts, err := render()
		if err == nil {
			err = s.send(parts)
		}
		if err != nil {
			if r.Context().Err() == nil {
				p.Log.WarnContext(r.Context(), "stream ended", "error", err, "path", r.URL.Path)
			}
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-end.C:
			return
		case <-beat.C:
		case <-changed:
			select {
			case <-r.Context().Done():
				return
			case <-time.After(streamCalm):
			}
		}
	}
}

// sender writes server-sent events.
type sender struct {
	w       http.ResponseWriter
	control *http.ResponseController
	sent    map[string][]byte
}

func (s *sender) open() error {
	h := s.w.Header()
	h.Set("Content-Type", streamType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if _, err := fmt.Fprint(s.w, "retry: 1000\n\n"); err != nil {
		return err
	}
	return s.control.Flush()
}

// send writes the parts that have changed, or a comment when none has, so that
// both ends notice a line that is gone.
func (s *sender) send(parts []part) error {
	// Servers that do not set deadlines do not let them be moved either.
	_ = s.control.SetWriteDeadline(time.Now().Add(3 * streamBeat))
	var buf bytes.Buffer
	for _, p := range parts {
		if bytes.Equal(s.sent[p.event], p.html) {
			continue
		}
		s.sent[p.event] = p.html
		fmt.Fprintf(&buf, "event: %s\n", p.event)
		for line := range bytes.Lines(p.html) {
			fmt.Fprintf(&buf, "data: %s\n", bytes.TrimRight(line, "\r\n"))
		}
		buf.WriteByte('\n')
	}
	if buf.Len() == 0 {
		buf.WriteString(": beat\n\n")
	}
	if _, err := s.w.Write(buf.Bytes()); err != nil {
		return err
	}
	return s.control.Flush()
}
