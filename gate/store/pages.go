package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

// What of SQLite's file format is needed to find rows in a damaged file:
// https://www.sqlite.org/fileformat2.html
const (
	walHeader    = 32
	frameHeader  = 24
	leafTable    = 0x0d
	leafHeader   = 8
	defaultPage  = 4096
	maxChain     = 64 // overflow pages of one row; a fact has at most 32 KiB
	columnFact   = 7  // encoded, in table outbox
	columnHash   = 8
	columnAcked  = 9
	columnCover  = 10
	outboxColumn = 11
)

// pages are the pages of a database and of its log, whatever is damaged in
// them. One that cannot be read is passed over.
type pages struct {
	db, wal *os.File
	size    int64
	count   int64           // pages in the database file
	frames  []int64         // offsets in the log of pages that were committed, oldest first
	latest  map[int64]int64 // page number → offset in the log
}

// openPages opens a database file and the log beside it; a missing log is none.
func openPages(path string) (*pages, error) {
	db, err := os.Open(path) //nolint:gosec // a fixed name in our own folder
	if errors.Is(err, fs.ErrNotExist) {
		if _, lerr := os.Stat(path + "-wal"); lerr == nil {
			db, err = os.Open(os.DevNull) // all that is left is the log
		}
	}
	if err != nil {
		return nil, err
	}
	p := &pages{db: db, size: defaultPage, latest: map[int64]int64{}}
	head := make([]byte, 100)
	if _, err := db.ReadAt(head, 0); err == nil && bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		p.use(int64(binary.BigEndian.Uint16(head[16:])))
	}
	if p.wal, err = os.Open(path + "-wal"); err == nil { //nolint:gosec // beside it
		p.readLog()
	}
	if info, err := db.Stat(); err == nil {
		p.count = (info.Size() + p.size - 1) / p.size // the last one may be cut off
	}
	return p, nil
}

func (p *pages) close() error {
	err := p.db.Close()
	if p.wal != nil {
		err = errors.Join(err, p.wal.Close())
	}
	return err
}

// use takes a page size if it can be one; 1 stands for 65536.
func (p *pages) use(size int64) {
	if size == 1 {
		size = 65536
	}
	if size >= 512 && size <= 65536 && size&(size-1) == 0 {
		p.size = size
	}
}

// readLog finds the frames that belong to the log as it is now, up to the last
// commit. Their checksums are not looked at: what is found in them has hashes
// of its own.
func (p *pages) readLog() {
	head := make([]byte, walHeader)
	if _, err := p.wal.ReadAt(head, 0); err != nil {
		return
	}
	frame := make([]byte, frameHeader)
	salt := head[16:24]
	if sound(head) {
		p.use(int64(binary.BigEndian.Uint32(head[8:])))
	} else if _, err := p.wal.ReadAt(frame, walHeader); err == nil {
		salt = bytes.Clone(frame[8:16]) // what is left is the log of its first frame
	}
	var frames, numbers []int64
	committed := 0
	for at := int64(walHeader); ; at += frameHeader + p.size {
		if _, err := p.wal.ReadAt(frame, at); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			continue
		}
		if !bytes.Equal(frame[8:16], salt) {
			continue // of an earlier log in the same file, or damaged
		}
		frames = append(frames, at+frameHeader)
		numbers = append(numbers, int64(binary.BigEndian.Uint32(frame)))
		if binary.BigEndian.Uint32(frame[4:]) != 0 {
			committed = len(frames)
		}
	}
	p.frames = frames[:committed]
	for i, at := range p.frames {
		p.latest[numbers[i]] = at
	}
}

// each gives every page image to do, those of the database file first. The
// slice is used again.
func (p *pages) each(do func(page []byte)) {
	page := make([]byte, p.size)
	for n := range p.count {
		part(p.db, page, n*p.size, do)
	}
	for _, at := range p.frames {
		part(p.wal, page, at, do)
	}
}

// part gives what can be read of one page.
func part(file *os.File, page []byte, at int64, do func(page []byte)) {
	if n, _ := file.ReadAt(page, at); n > 0 { // the rest of it cannot be read
		clear(page[n:])
		do(page)
	}
}

// numbered reads a page by its number, in the log first if inLog.
func (p *pages) numbered(n int64, inLog bool) ([]byte, bool) {
	page := make([]byte, p.size)
	if at, ok := p.latest[n]; inLog && ok {
		_, err := p.wal.ReadAt(page, at)
		return page, err == nil
	}
	if n < 1 || n > p.count {
		return nil, false
	}
	_, err := p.db.ReadAt(page, (n-1)*p.size)
	return page, err == nil
}

// cells gives the whole payload of every cell of a leaf page of a table to
// take, which says whether it was a row that it knows. A row that runs over
// into other pages is put together from the log or, if that is no row, from
// the file.
func (p *pages) cells(page []byte, take func(payload []byte) bool) {
	if page[0] != leafTable {
		return
	}
	n := int(binary.BigEndian.Uint16(page[3:]))
	for i := range n {
		at := leafHeader + 2*i
		if at+2 > len(page) {
			return
		}
		start := int(binary.BigEndian.Uint16(page[at:]))
		if start < leafHeader || start >= len(page) {
			continue
		}
		for _, inLog := range []bool{true, false} {
			if payload, ok := p.payload(page[start:], inLog); ok && take(payload) {
				break
			}
		}
	}
}

// payload reads the payload of the cell that begins at cell.
func (p *pages) payload(cell []byte, inLog bool) ([]byte, bool) {
	length, n := varint(cell)
	_, m := varint(cell[n:])
	if n == 0 || m == 0 || length < 1 || length > 1<<20 {
		return nil, false
	}
	cell = cell[n+m:]
	local := p.local(length)
	if local == length {
		return cut(cell, length)
	}
	if int64(len(cell)) < local+4 {
		return nil, false
	}
	out := bytes.Clone(cell[:local])
	next := int64(binary.BigEndian.Uint32(cell[local:]))
	for range maxChain {
		page, ok := p.numbered(next, inLog)
		if !ok {
			return nil, false
		}
		out = append(out, page[4:]...)
		if int64(len(out)) >= length {
			return out[:length], true
		}
		next = int64(binary.BigEndian.Uint32(page))
	}
	return nil, false
}

// local is how much of a payload stays in its own page.
func (p *pages) local(length int64) int64 {
	if length <= p.size-35 {
		return length
	}
	least := (p.size-12)*32/255 - 23
	if k := least + (length-least)%(p.size-4); k <= p.size-35 {
		return k
	}
	return least
}

func cut(b []byte, n int64) ([]byte, bool) {
	if int64(len(b)) < n {
		return nil, false
	}
	return b[:n], true
}

// varint reads SQLite's big-endian number of up to nine bytes; n is 0 when
// there is none.
func varint(b []byte) (v int64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return v<<8 | int64(b[i]), 9
		}
		v = v<<7 | int64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// field is one column of a row: its serial type and its bytes.
type field struct {
	kind int64
	data []byte
}

// null says whether the column is NULL.
func (f field) null() bool { return f.kind == 0 }

// number is the column as an integer.
func (f field) number() int64 {
	switch {
	case f.kind == 8:
		return 0
	case f.kind == 9:
		return 1
	case f.kind < 1 || f.kind > 6:
		return 0
	}
	v := int64(int8(f.data[0])) //nolint:gosec // the sign is in the first byte
	for _, b := range f.data[1:] {
		v = v<<8 | int64(b)
	}
	return v
}

// fields takes a row apart; false when it is none.
func fields(payload []byte) ([]field, bool) {
	head, n := varint(payload)
	if n == 0 || head < int64(n) || head > int64(len(payload)) {
		return nil, false
	}
	types, body := payload[n:head], payload[head:]
	var out []field
	for len(types) > 0 {
		kind, n := varint(types)
		if n == 0 || kind < 0 || len(out) > 64 {
			return nil, false
		}
		types = types[n:]
		data, ok := cut(body, width(kind))
		if !ok {
			return nil, false
		}
		body = body[len(data):]
		out = append(out, field{kind, data})
	}
	return out, true
}

// width is how many bytes a column of a serial type takes.
func width(kind int64) int64 {
	switch {
	case kind >= 12:
		return (kind - 12) / 2
	case kind == 5:
		return 6
	case kind == 6 || kind == 7:
		return 8
	case kind <= 4:
		return kind
	}
	return 0
}

// carved finds facts in a page whose rows cannot be told apart any more: the
// hash that the row keeps behind its fact proves that it is whole.
func carved(page []byte, take func(encoded []byte, hash string)) {
	mark := []byte(`{"id":"`)
	for {
		i := bytes.Index(page, mark)
		if i < 0 {
			return
		}
		page = page[i:]
		var raw json.RawMessage
		if json.NewDecoder(bytes.NewReader(page)).Decode(&raw) == nil && len(page) >= len(raw)+64 {
			take(bytes.Clone(raw), string(page[len(raw):len(raw)+64]))
		}
		page = page[len(mark):]
	}
}
