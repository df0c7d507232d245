package store

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// SQLite takes its log up to the first frame that is damaged for the whole log,
// and drops the rest with the first that closes the database. A power cut tears
// only what was not synced, the last transaction; behind damage lie others that
// were. So the log is looked at before SQLite touches the files.

// tornCommits is how many transactions may seem to lie behind a torn frame
// although nothing is damaged: the one that was torn.
const tornCommits = 1

// logDamaged says whether records lie in the log of a database that SQLite
// would drop. What cannot be opened is not judged here.
func logDamaged(database string) bool {
	if info, err := os.Stat(database); err != nil || info.Size() == 0 {
		// SQLite deletes the log of a database that is empty.
		log, err := os.Stat(database + "-wal")
		return err == nil && log.Size() > walHeader
	}
	f, err := os.Open(database + "-wal") //nolint:gosec // a fixed name in our own folder
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only read
	return droppedCommits(bufio.NewReaderSize(f, 1<<16)) > tornCommits
}

// droppedCommits counts the transactions behind the first damage in a log.
func droppedCommits(log io.Reader) (n int) {
	head := make([]byte, walHeader)
	if _, err := io.ReadFull(log, head); err != nil {
		return 0
	}
	c := sumOf(head)
	c.add(head[:24])
	salt, size, whole := head[16:24], int(binary.BigEndian.Uint32(head[8:])), sound(head)
	if !whole { // logs are written in pages of the common size
		salt, size, c.order = nil, defaultPage, binary.LittleEndian
	}
	frame := make([]byte, frameHeader+size)
	for {
		if _, err := io.ReadFull(log, frame); err != nil {
			return n
		}
		if salt == nil {
			salt = append(salt, frame[8:16]...)
		}
		c.add(frame[:8])
		c.add(frame[frameHeader:])
		linked := c.is(frame[16:24]) && string(salt) == string(frame[8:16])
		whole = whole && linked
		if !whole && linked && binary.BigEndian.Uint32(frame[4:]) != 0 {
			n++
		}
		c.s0, c.s1 = binary.BigEndian.Uint32(frame[16:]), binary.BigEndian.Uint32(frame[20:]) // as the next one was linked
	}
}

// sound says whether the head of a log is as it was written.
func sound(head []byte) bool {
	c := sumOf(head)
	c.add(head[:24])
	return binary.BigEndian.Uint32(head)&^1 == 0x377f0682 && c.is(head[24:])
}

// sumOf begins the checksum of a log, whose words are of the machine's order.
func sumOf(head []byte) logSum {
	if head[3]&1 == 1 {
		return logSum{order: binary.BigEndian}
	}
	return logSum{order: binary.LittleEndian}
}

// logSum is the checksum of SQLite's log, in which each frame is linked to the
// one before.
type logSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (c *logSum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		c.s0 += c.order.Uint32(b) + c.s1
		c.s1 += c.order.Uint32(b[4:]) + c.s0
	}
}

func (c *logSum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == c.s0 && binary.BigEndian.Uint32(b[4:]) == c.s1
}

// running says whether a gate uses the folder at this moment. The log that it
// writes is not to be judged.
func running(dir string) bool {
	f, err := os.Open(filepath.Join(dir, lockFile)) //nolint:gosec // a fixed name in our own folder
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()                                 // gives it free again
	return unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil //nolint:gosec // file descriptors are small
}
