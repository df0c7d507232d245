package feed

// frame is one message of the feed as it goes over the socket, encoded once
// for all of them: the entry seq, or entries that end with it.
type frame struct {
	seq  int64
	text []byte // a wire.Message
}

const frameHead, frameTail = `{"deltas":[`, `]}`

// frameOf wraps an encoded delta as a message, without decoding it.
func frameOf(delta []byte) []byte {
	b := make([]byte, 0, len(frameHead)+len(delta)+len(frameTail))
	return append(append(append(b, frameHead...), delta...), frameTail...)
}

// delta is what frameOf wrapped.
func (f frame) delta() []byte { return f.text[len(frameHead) : len(f.text)-len(frameTail)] }

// ring is the newest entries of a site, without a gap, bounded by count and by
// bytes. At least one is kept.
type ring struct {
	frames []frame
	bytes  int
}

func (r *ring) push(f frame) {
	r.frames = append(r.frames, f)
	r.bytes += len(f.text)
	for len(r.frames) > 1 && (len(r.frames) > ringLength || r.bytes > ringBytes) {
		r.bytes -= len(r.frames[0].text)
		r.frames[0] = frame{} // the array behind the slice lets it go
		r.frames = r.frames[1:]
	}
}

// after returns up to most entries after a number, false when they do not
// reach back that far.
func (r *ring) after(seq int64, most int) ([]frame, bool) {
	if len(r.frames) == 0 || r.frames[0].seq > seq+1 {
		return nil, false
	}
	out := r.frames[min(int64(len(r.frames)), seq+1-r.frames[0].seq):]
	return out[:min(most, len(out))], true
}

// bundles are coalesced entries by the number that they come after. After a
// cut many gates miss the same.
type bundles struct {
	frames map[int64][]frame
	bytes  int
}

func (b *bundles) put(after int64, frames []frame) {
	n := 0
	for _, f := range frames {
		n += len(f.text)
	}
	if b.frames == nil || len(b.frames) >= bundlesKept || b.bytes+n > bundlesBytes {
		b.frames, b.bytes = map[int64][]frame{}, 0
	}
	b.frames[after] = frames
	b.bytes += n
}
