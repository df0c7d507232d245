package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"gatehouse/parking"
	migrations "gatehouse/sql"
)

const (
	lockFile     = "lock"
	reserveFile  = "reserve"
	reserveBytes = 4 << 20
)

// lockFolder takes the folder for this process. The kernel gives the lock
// free when the process ends, however it ends.
func lockFolder(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // a fixed name in our own folder
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The data folder %s cannot be written: %s.", dir, reason(err))
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil { //nolint:gosec // file descriptors are small
		holder, _ := os.ReadFile(path) //nolint:gosec // only to name the holder
		_ = f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, parking.Errorf(parking.Unavailable, "The data folder %s cannot be locked: %s.", dir, reason(err))
		}
		return nil, parking.Errorf(parking.Conflict, "Another gate program%s already uses the data folder %s. Stop it first, or give this one another folder.",
			holderWords(string(holder)), dir)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // only for the sentence above
	}
	return f, nil
}

func holderWords(pid string) string {
	n, err := strconv.Atoi(strings.TrimSpace(pid))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", n)
}

// migrate brings the database up to date.
func migrate(ctx context.Context, db *sql.DB) error {
	folder, err := fs.Sub(migrations.Gate, "gate/migrations")
	if err != nil {
		return fmt.Errorf("find the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder)
	if err != nil {
		return fmt.Errorf("prepare the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return refusal(fmt.Errorf("bring the database up to date: %w", err))
	}
	return nil
}

// refusal makes an Unavailable error with a sentence of what the disk
// refused; other errors go through.
func refusal(err error) error {
	if sentence := refusalSentence(err); sentence != "" {
		return fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "%s", sentence), err)
	}
	return err
}

func refusalSentence(err error) string {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return sentenceFull
		case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
			return "The disk of this gate does not answer; nothing was recorded. Check the disk."
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
			return "The disk of this gate is read-only; nothing was recorded. Check the disk."
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return sentenceDamaged
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return "The database of this gate is busy; nothing was recorded. Try again."
		}
		return ""
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return sentenceFull
	case errors.Is(err, syscall.EROFS):
		return "The disk of this gate is read-only; nothing was recorded. Check the disk."
	case errors.Is(err, syscall.EIO):
		return "The disk of this gate does not answer; nothing was recorded. Check the disk."
	}
	return ""
}

const sentenceDamaged = "The database of this gate is damaged; nothing was recorded. Stop the gate and run gate recover."

const sentenceFull = "The disk of this gate is full; nothing was recorded. Free some space."

// IsFull says whether err is a disk without space.
func IsFull(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()&0xff == sqlite3.SQLITE_FULL
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// reason is the cause of a file system's error, without the path.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// startBytes is the room below which a start gives the reserve up: SQLite
// itself needs some for its shared memory and its log, before the first fact.
const startBytes = 1 << 20

// freeBytes is the room left for us on the disk; false when it cannot be told.
func (s *Store) freeBytes() (int64, bool) {
	var disk unix.Statfs_t
	if err := unix.Statfs(s.dir, &disk); err != nil {
		return 0, false
	}
	return int64(disk.Bavail) * disk.Bsize, true //nolint:gosec // disks are smaller than 2^63 bytes
}

// The disk is nearly full below lowBytes, and scant below scantBytes, or below
// a twentieth and three fortieths of it where that is less. Photos leave more
// than either (spareBytes), so that they alone make no disk scant; and between
// the two lie more than a week's records of a busy gate.
const (
	lowBytes   = 256 << 20
	scantBytes = 768 << 20
)

// DiskRoom is what is left on the disk.
type DiskRoom struct {
	Free int64
	Size int64
}

// LowMark is where the disk is nearly full.
func (r DiskRoom) LowMark() int64 { return min(lowBytes, r.Size/20) }

// Low says that the disk is nearly full: what is left is for new facts.
func (r DiskRoom) Low() bool { return r.Free < r.LowMark() }

// Scant says that somebody should make room before the disk is nearly full.
func (r DiskRoom) Scant() bool { return r.Free < min(scantBytes, r.Size*3/40) }

// DiskRoom measures the disk; false when it cannot be told.
func (s *Store) DiskRoom() (DiskRoom, bool) {
	free, size, err := s.disk(s.dir)
	return DiskRoom{Free: free, Size: size}, err == nil && size > 0
}

// makeReserve keeps some bytes that can be given up when the disk is full. A
// disk that has none to spare is not an error: there is just no reserve.
func (s *Store) makeReserve() {
	path := filepath.Join(s.dir, reserveFile)
	if info, err := os.Stat(path); err == nil && info.Size() == reserveBytes {
		return
	}
	if free, known := s.freeBytes(); known && free < 2*reserveBytes {
		s.log.Warn("the disk has no room for a reserve", "free_bytes", free)
		return
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // a fixed name in our own folder
	if err == nil {
		err = unix.Fallocate(int(f.Fd()), 0, 0, reserveBytes) //nolint:gosec // file descriptors are small
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		_ = os.Remove(path)
		s.log.Warn("no reserve could be kept on the disk", "err", err)
	}
}

// GiveUpReserve frees the bytes that were kept for a full disk, so that
// openings by hand can still be recorded. False when there were none.
func (s *Store) GiveUpReserve() bool {
	if err := os.Remove(filepath.Join(s.dir, reserveFile)); err != nil {
		return false
	}
	s.log.Warn("the disk is full: the reserve was given up")
	return true
}

// writeFile replaces path by b: temporary file, fsync, rename, fsync of the folder.
func writeFile(path string, b []byte) error {
	return WriteFile(path, func(f *os.File) error {
		_, err := f.Write(b)
		return err
	})
}

func syncFolder(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // our own folder
	if err != nil {
		return fmt.Errorf("write to %s: %w", filepath.Base(dir), err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("write to %s: %w", filepath.Base(dir), err)
	}
	return nil
}
