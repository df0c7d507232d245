package photos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A longer photo comes in pieces, each of which is kept until all are there:
// a gate whose line is cut goes on where it was.

// maxParts bounds the unfinished photos that are kept for a gate; the oldest
// goes first. A gate sends one after the other.
const maxParts = 4

// Held is the answer to a piece that is not the next: how much is held of the
// photo. Nothing is wrong; the gate goes on from there.
type Held struct{ Bytes int64 }

// Error tells how much is held.
func (h *Held) Error() string { return h.Unwrap().Error() }

// Unwrap makes a Held a Conflict.
func (h *Held) Unwrap() error {
	return parking.Errorf(parking.Conflict, "This photo is held up to byte %d; go on from there.", h.Bytes)
}

// Complete puts the number from which to go on into the problem document.
func (h *Held) Complete(p *wire.Problem) { p.Held = &h.Bytes }

// Range is where a piece lies in its photo: bytes From to To (not included)
// of Total. With To 0 it is no piece, but the question how much is held.
type Range struct{ From, To, Total int64 }

// ParseRange reads a Content-Range header: "bytes 0-65535/183000", or
// "bytes */183000" to ask how much is held (RFC 9110 §14.4).
func ParseRange(header string) (Range, error) {
	bad := parking.Errorf(parking.Invalid, "Content-Range must be like bytes 0-65535/183000.")
	rest, ok := strings.CutPrefix(header, "bytes ")
	if !ok {
		return Range{}, bad
	}
	span, total, ok := strings.Cut(rest, "/")
	asks := span == "*"
	if asks {
		span = "0-0"
	}
	first, last, two := strings.Cut(span, "-")
	if !ok || !two {
		return Range{}, bad
	}
	var n [3]int64
	for i, text := range []string{first, last, total} {
		v, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return Range{}, bad
		}
		n[i] = int64(v)
	}
	r := Range{From: n[0], To: n[1] + 1, Total: n[2]}
	switch {
	case r.To <= r.From || r.To > r.Total:
		return Range{}, bad
	case r.Total > wire.MaxPhotoBytes:
		return Range{}, parking.Errorf(parking.TooLarge, "A photo may have at most %d bytes.", wire.MaxPhotoBytes)
	}
	if asks {
		r.To = 0
	}
	return r, nil
}

// SavePiece keeps one piece of a photo; with the last, the photo is kept as by
// Save. A piece that is not the next is a *Held error, also when the photo is
// already whole (then all of it is held), or when what came together is not
// what the name says (then nothing is held any more).
func (p *Photos) SavePiece(ctx context.Context, photo Photo, r Range) error {
	sum, err := ParseSHA256(photo.SHA256)
	if err != nil {
		return err
	}
	if int64(len(photo.JPEG)) != r.To-r.From {
		return parking.Errorf(parking.Invalid, "The piece has not the length that its Content-Range says.")
	}
	if _, err := os.Stat(p.path(photo.Site, sum)); err == nil {
		return &Held{Bytes: r.Total}
	}
	f, err := p.openPart(photo, r.From == 0 && r.To > 0)
	if errors.Is(err, fs.ErrNotExist) {
		return &Held{}
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // a piece that is lost comes again
	held, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("measure an unfinished photo: %w", err)
	}
	if held != r.From || r.To == 0 {
		return &Held{Bytes: held}
	}
	if _, err := f.Write(photo.JPEG); err != nil {
		return errors.Join(fmt.Errorf("keep a piece of a photo: %w", err), f.Truncate(held))
	}
	if r.To < r.Total {
		return nil
	}
	return p.finish(ctx, photo, f)
}

// finish keeps a photo whose pieces are all there.
func (p *Photos) finish(ctx context.Context, photo Photo, f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read an unfinished photo: %w", err)
	}
	whole, err := io.ReadAll(io.LimitReader(f, wire.MaxPhotoBytes+1))
	if err != nil {
		return fmt.Errorf("read an unfinished photo: %w", err)
	}
	photo.JPEG = whole
	err = p.Save(ctx, photo)
	if err != nil && parking.ErrorCode(err) != parking.Invalid && parking.ErrorCode(err) != parking.TooLarge {
		// The pieces are there: the last one comes again when this has passed.
		return errors.Join(err, f.Truncate(max(0, int64(len(whole))-1)))
	}
	if gone := os.Remove(f.Name()); gone != nil {
		return errors.Join(err, fmt.Errorf("remove an unfinished photo: %w", gone))
	}
	return err
}

// openPart opens what is held of a photo, for this process alone; a new one
// is made only for the first piece.
func (p *Photos) openPart(photo Photo, first bool) (*os.File, error) {
	if err := parking.ValidCode("gate", photo.Gate); err != nil {
		return nil, err // it becomes part of a path
	}
	dir := filepath.Join(p.dir, photo.Site.String(), "parts")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of unfinished photos: %w", err)
	}
	name := filepath.Join(dir, photo.Gate+"."+strings.ToLower(photo.SHA256))
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if !first {
			return nil, err
		}
		if err := makeRoom(dir, photo.Gate); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // of a checked code and hash
	if err != nil {
		return nil, fmt.Errorf("open an unfinished photo: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil { //nolint:gosec // file descriptors are small
		return nil, errors.Join(parking.Errorf(parking.Unavailable, "Another piece of this photo is being kept. Try again."), f.Close())
	}
	return f, nil
}

// makeRoom removes the gate's oldest unfinished photos.
func makeRoom(dir, gate string) error {
	names, err := filepath.Glob(filepath.Join(dir, gate+".*"))
	if err != nil {
		return fmt.Errorf("list unfinished photos: %w", err)
	}
	type part struct {
		name string
		at   time.Time
	}
	var parts []part
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			parts = append(parts, part{name, info.ModTime()})
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.name, b.name)) })
	for len(parts) >= maxParts {
		if err := os.Remove(parts[0].name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an unfinished photo: %w", err)
		}
		parts = parts[1:]
	}
	return nil
}
