package tui

import (
	"io"
	"os"
)

// Limits of what a terminal may send in one piece, in bytes. What is longer is
// no person's; a decoder would keep all of it in memory.
const (
	longestPaste    = 8 << 10
	longestSequence = 4 << 10
)

const pasteEnd = "\x1b[201~"

// sieve passes on what a terminal sends, but no more than the limits of a
// paste, of a string or of a control sequence: the rest of it is dropped.
type sieve struct {
	from  io.Reader
	state sieveState
	n     int    // bytes of the piece
	head  []byte // of a control sequence, as far as it matters
	ended int    // how much of pasteEnd has come
}

type sieveState int

const (
	inText sieveState = iota
	inEscape
	inControl
	inString
	inPaste
)

// newSieve is a sieve before from; one before a file is a file.
func newSieve(from io.Reader) io.Reader {
	s := &sieve{from: from}
	if f, ok := from.(*os.File); ok {
		return sieveFile{f, s}
	}
	return s
}

type sieveFile struct {
	*os.File
	s *sieve
}

// Read reads what the sieve lets through.
func (f sieveFile) Read(p []byte) (int, error) { return f.s.Read(p) }

// Read reads what is let through, which may be nothing. It needs room for a
// little more than it reads: the end of a paste is told whole.
func (s *sieve) Read(p []byte) (int, error) {
	if len(p) <= len(pasteEnd) {
		return 0, io.ErrShortBuffer
	}
	read := p[len(pasteEnd)-1:]
	n, err := s.from.Read(read)
	kept := p[:0]
	for _, b := range read[:max(0, n)] {
		kept = s.take(kept, b)
	}
	return len(kept), err
}

// take appends b to kept where it is let through.
func (s *sieve) take(kept []byte, b byte) []byte {
	if s.state == inPaste {
		return s.paste(kept, b)
	}
	s.n++
	switch {
	case b == 0x1b:
		s.state, s.n = inEscape, 0
	case b < 0x20:
		s.state = inText
	case s.state == inEscape && b == '[':
		s.state, s.head = inControl, s.head[:0]
	case s.state == inEscape && (b == ']' || b == 'P' || b == '_' || b == '^' || b == 'X'):
		s.state = inString
	case s.state == inEscape:
		s.state = inText
	case s.state == inControl && b >= 0x40 && b < 0x7f:
		s.state = inText
		if b == '~' && string(s.head) == "200" {
			s.state, s.n, s.ended = inPaste, 0, 0
		}
	case s.state == inControl && len(s.head) < 4:
		s.head = append(s.head, b)
	}
	if (s.state == inControl || s.state == inString) && s.n > longestSequence {
		return kept
	}
	return append(kept, b)
}

// paste takes a byte of a paste; its end is always let through.
func (s *sieve) paste(kept []byte, b byte) []byte {
	switch b {
	case pasteEnd[s.ended]:
		s.ended++
	case pasteEnd[0]:
		s.ended = 1
	default:
		s.ended = 0
	}
	if s.ended == len(pasteEnd) {
		s.state = inText
		if s.n >= longestPaste { // its beginning was dropped
			return append(kept, pasteEnd...)
		}
		return append(kept, b)
	}
	if s.n >= longestPaste {
		return kept
	}
	s.n++
	return append(kept, b)
}
