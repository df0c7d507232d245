package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gatehouse/internal/wire"
)

// bundleBytes is about how large a coalesced delta gets; what comes after goes
// into another one. It is well below what a gate takes in one message.
const bundleBytes = 1 << 20

// errHole says that an entry is missing between two that were read.
var errHole = errors.New("an entry of the feed is missing")

// raw is a wire.Delta of which only what coalescing needs is decoded, so that
// what another version of this program wrote passes through as it was.
type raw struct {
	FeedSeq   int64             `json:"feed_seq"`
	From      int64             `json:"from,omitempty"`
	Stays     []json.RawMessage `json:"stays,omitempty"`
	Slots     []json.RawMessage `json:"slots,omitempty"`
	Config    json.RawMessage   `json:"config,omitempty"`
	Conflicts []json.RawMessage `json:"conflicts,omitempty"`
	Covers    []wire.Covered    `json:"covers,omitempty"`
	Lists     json.RawMessage   `json:"lists,omitempty"`
}

// latest is the newest text of each thing by its key, in the order in which
// they were last touched.
type latest struct {
	n    int
	text map[string]touch
}

type touch struct {
	n    int
	text json.RawMessage
}

// put keeps text as the newest of key and returns by how many bytes that grew.
func (l *latest) put(key string, text json.RawMessage) int {
	if l.text == nil {
		l.text = map[string]touch{}
	}
	l.n++
	before := len(l.text[key].text)
	l.text[key] = touch{n: l.n, text: text}
	return len(text) - before
}

func (l *latest) list() []json.RawMessage {
	var out []json.RawMessage
	for _, t := range slices.SortedFunc(maps.Values(l.text), func(a, b touch) int { return a.n - b.n }) {
		out = append(out, t.text)
	}
	return out
}

// bundle is a run of entries that becomes one delta.
type bundle struct {
	from, last              int64
	stays, slots, conflicts latest
	config, lists           json.RawMessage
	covers                  map[wire.Covered]int64 // highest seq by gate and epoch (Seq 0)
	order                   []wire.Covered         // its keys, as they came
	bytes                   int
}

// add takes the next entry, encoded.
func (b *bundle) add(seq int64, text []byte) error {
	var d raw
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("read entry %d of the feed: %w", seq, err)
	}
	if b.from == 0 {
		b.from, b.covers = seq, map[wire.Covered]int64{}
	} else if seq != b.last+1 {
		return errHole
	}
	b.last = seq
	for _, l := range []struct {
		to   *latest
		from []json.RawMessage
	}{{&b.stays, d.Stays}, {&b.slots, d.Slots}, {&b.conflicts, d.Conflicts}} {
		for _, text := range l.from {
			// Stays and conflicts have an id, slots a code.
			var key struct{ ID, Code string }
			if err := json.Unmarshal(text, &key); err != nil {
				return fmt.Errorf("read entry %d of the feed: %w", seq, err)
			}
			b.bytes += l.to.put(key.ID+key.Code, text)
		}
	}
	if d.Config != nil {
		b.bytes += len(d.Config) - len(b.config)
		b.config = d.Config
	}
	if d.Lists != nil {
		b.lists = d.Lists
	}
	for _, c := range d.Covers {
		key := wire.Covered{Gate: c.Gate, Epoch: c.Epoch}
		if _, there := b.covers[key]; !there {
			b.order = append(b.order, key)
			b.bytes += 100
		}
		b.covers[key] = max(b.covers[key], c.Seq)
	}
	return nil
}

// frame is the bundle as a message.
func (b *bundle) frame() (frame, error) {
	d := raw{
		FeedSeq: b.last, From: b.from, Stays: b.stays.list(), Slots: b.slots.list(), Config: b.config, Conflicts: b.conflicts.list(),
		Lists: b.lists,
	}
	if b.from == b.last {
		d.From = 0
	}
	for _, key := range b.order {
		d.Covers = append(d.Covers, wire.Covered{Gate: key.Gate, Epoch: key.Epoch, Seq: b.covers[key]})
	}
	text, err := json.Marshal(d)
	if err != nil {
		return frame{}, fmt.Errorf("encode entries %d to %d: %w", b.from, b.last, err)
	}
	return frame{seq: b.last, text: frameOf(text)}, nil
}

// coalesce makes of entries that follow each other as few messages as fit.
func coalesce(entries []frame) ([]frame, error) {
	var out []frame
	b := new(bundle)
	for i, e := range entries {
		if err := b.add(e.seq, e.delta()); err != nil {
			return nil, err
		}
		if b.bytes >= bundleBytes || i == len(entries)-1 {
			f, err := b.frame()
			if err != nil {
				return nil, err
			}
			out = append(out, f)
			b = new(bundle)
		}
	}
	for i := 1; i < len(entries); i++ {
		if entries[i].seq != entries[i-1].seq+1 {
			return nil, errHole // also between two messages
		}
	}
	return out, nil
}
