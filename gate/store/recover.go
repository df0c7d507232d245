package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// SettingRecovered holds what a recovery has saved until a start has told of it.
const SettingRecovered = "recovered"

// SettingMachine holds the fingerprint of the machine that was enrolled.
const SettingMachine = "machine"

// Recovered is what a recovery has saved.
type Recovered struct {
	Aside   string `json:"aside"`   // the folder with the damaged files, within the data folder
	Facts   int    `json:"facts"`   // whole facts that were found
	Waiting int    `json:"waiting"` // of them, those that the cloud is not known to have
	Missing int64  `json:"missing"` // numbers between the facts found of which nothing could be read
	Site    bool   `json:"site"`    // the gate still knows its site
}

// Recover makes a new database for a data folder out of what can be read of
// the old one, damaged or not. The old files are kept aside. A recovery that
// is cut short goes on when it is run again.
func Recover(ctx context.Context, dir string, at time.Time, log *slog.Logger) (_ Recovered, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return Recovered{}, fmt.Errorf("recover: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, identityFile)); err != nil {
		return Recovered{}, parking.Errorf(parking.NotFound, "There is no gate in the folder %s.", dir)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return Recovered{}, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := recovery{dir: dir, log: log}
	if err := r.setAside(at); err != nil {
		return Recovered{}, refusal(err)
	}
	if err := r.build(ctx); err != nil {
		return Recovered{}, refusal(err)
	}
	if err := r.swap(); err != nil {
		return Recovered{}, refusal(err)
	}
	return r.done, nil
}

// recovery is one under way.
type recovery struct {
	dir   string
	log   *slog.Logger
	aside string // absolute
	done  Recovered
}

func (r *recovery) marker() string { return filepath.Join(r.dir, recoveringFile) }

func (r *recovery) fresh() string { return filepath.Join(r.dir, databaseFile+".new") }

// setAside copies the damaged files, or finds the copy that an earlier try has
// made.
func (r *recovery) setAside(at time.Time) error {
	if name, err := os.ReadFile(r.marker()); err == nil {
		r.done.Aside = strings.TrimSpace(string(name))
		if !asideName.MatchString(r.done.Aside) {
			return fmt.Errorf("the file %s is damaged", r.marker())
		}
		r.aside = filepath.Join(r.dir, r.done.Aside)
		return nil
	}
	r.done.Aside = "damaged-" + at.UTC().Format("20060102T150405Z")
	r.aside = filepath.Join(r.dir, r.done.Aside)
	if err := os.Mkdir(r.aside, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("set the damaged files aside: %w", err)
	}
	for _, end := range []string{"", "-wal"} {
		if err := copyReadable(filepath.Join(r.dir, databaseFile+end), filepath.Join(r.aside, databaseFile+end)); err != nil {
			return fmt.Errorf("set the damaged files aside: %w", err)
		}
	}
	if err := errors.Join(syncFolder(r.aside), syncFolder(r.dir)); err != nil {
		return err
	}
	return writeFile(r.marker(), []byte(r.done.Aside+"\n"))
}

var asideName = regexp.MustCompile(`^damaged-[0-9TZ]+$`)

// copyReadable copies a file; what the disk does not give of it stays zero. A
// missing file is copied as none.
func copyReadable(from, to string) error {
	in, err := os.Open(from) //nolint:gosec // a fixed name in our own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()                                      // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // a fixed name in our own folder
	if err != nil {
		return err
	}
	info, err := in.Stat()
	if err == nil {
		err = out.Truncate(info.Size())
	}
	block := make([]byte, 64<<10)
	for at := int64(0); err == nil && at < info.Size(); at += int64(len(block)) {
		n, rerr := in.ReadAt(block, at)
		if rerr != nil && !errors.Is(rerr, io.EOF) {
			n = 0
			for i := 0; i < len(block); i += defaultPage { // a bad spot costs no more than it must
				if m, perr := in.ReadAt(block[i:i+defaultPage], at+int64(i)); perr != nil {
					clear(block[i+m : i+defaultPage])
				}
				n = min(len(block), int(info.Size()-at))
			}
		}
		_, err = out.WriteAt(block[:n], at)
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// build makes the new database beside the old one.
func (r *recovery) build(ctx context.Context) (err error) {
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(r.fresh() + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("begin a new database: %w", err)
		}
	}
	facts, err := salvageFile(filepath.Join(r.aside, databaseFile))
	if err != nil && parking.ErrorCode(err) != parking.NotFound {
		return err
	}
	db, err := openPool(r.fresh(), false, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }() // folds the log back
	if err := migrate(ctx, db); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write the new database: %w", err)
	}
	whole := r.copyTables(ctx, tx)
	err = r.fill(ctx, tx, facts, whole)
	if err == nil {
		err = r.photos(ctx, tx)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write the new database: %w", err)
	}
	return nil
}

// fill writes the facts, and what follows from how much of the rest was read.
func (r *recovery) fill(ctx context.Context, tx *sql.Tx, facts []Salvaged, whole bool) error {
	q := gatesql.New(tx)
	if !whole {
		// Half of the cloud's state would show vehicles that have left. Own facts
		// are shown until the cloud tells the rest.
		for _, clearTable := range []func(context.Context) error{q.ClearStays, q.ClearConflicts} {
			if err := clearTable(ctx); err != nil {
				return fmt.Errorf("clear what was read by half: %w", err)
			}
		}
	}
	r.done.Facts = len(facts)
	var last Salvaged
	for i := range facts {
		f := &facts[i]
		if f.Fact.Epoch == last.Fact.Epoch && f.Fact.Seq > last.Fact.Seq+1 {
			r.done.Missing += f.Fact.Seq - last.Fact.Seq - 1
		}
		last = *f
		if f.Acked == 0 {
			r.done.Waiting++
		}
		if err := putSalvaged(ctx, tx, f, whole); err != nil {
			return err
		}
	}
	if _, err := q.Site(ctx, "config"); err == nil {
		r.done.Site = true
	}
	// The state of the cloud is asked for anew: of no incarnation, up to nothing.
	for name, value := range map[string]string{"incarnation": uuid.Nil.String(), "feed_seq": "0"} {
		if err := q.SetSetting(ctx, gatesql.SetSettingParams{Name: name, Value: value}); err != nil {
			return fmt.Errorf("write a setting: %w", err)
		}
	}
	word, err := json.Marshal(r.done)
	if err != nil {
		return fmt.Errorf("write a setting: %w", err)
	}
	return q.SetSetting(ctx, gatesql.SetSettingParams{Name: SettingRecovered, Value: string(word)})
}

func putSalvaged(ctx context.Context, tx *sql.Tx, f *Salvaged, whole bool) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO epochs (epoch, started_at) VALUES (?, ?) ON CONFLICT (epoch) DO NOTHING`,
		string(f.Fact.Epoch), f.Fact.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("write an epoch: %w", err)
	}
	var stay, acked any
	if id := parking.StayOf(f.Fact); id != uuid.Nil {
		stay = id.String()
	}
	if f.Acked != 0 {
		acked = f.Acked
	}
	// Two facts of one epoch and seq cannot be; if they are, the first found stays.
	_, err = tx.ExecContext(ctx, `INSERT INTO outbox (id, epoch, seq, kind, at_ms, stay, encoded, hash, acked_ms, covered)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		f.Fact.ID.String(), string(f.Fact.Epoch), f.Fact.Seq, string(f.Fact.Kind), f.Fact.At.UnixMilli(), stay, f.Encoded, f.Hash, acked, f.Covered && whole)
	if err != nil {
		return fmt.Errorf("write a fact: %w", err)
	}
	return nil
}

// photos notes the photos that lie in the folder and that no row told of: they
// are sent again.
func (r *recovery) photos(ctx context.Context, tx *sql.Tx) error {
	err := filepath.WalkDir(filepath.Join(r.dir, photosFolder), func(path string, entry fs.DirEntry, err error) error {
		sha := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if err != nil || entry.IsDir() || !ValidSHA256(sha) {
			return nil //nolint:nilerr // what cannot be read stays where it is
		}
		info, err := entry.Info()
		if err != nil || info.Size() == 0 {
			return nil //nolint:nilerr // as above
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO photos (sha256, bytes, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			sha, info.Size(), info.ModTime().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("write a photo: %w", err)
	}
	return nil
}

// swap puts the new database in the place of the old one. The log of the old
// one must be gone before: SQLite would take it for the new one's.
func (r *recovery) swap() error {
	path := filepath.Join(r.dir, databaseFile)
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put the new database in place: %w", err)
		}
	}
	if err := os.Chmod(r.fresh(), 0o600); err != nil {
		return fmt.Errorf("put the new database in place: %w", err)
	}
	if err := os.Rename(r.fresh(), path); err != nil {
		return fmt.Errorf("put the new database in place: %w", err)
	}
	if err := syncFolder(r.dir); err != nil {
		return err
	}
	if err := os.Remove(r.marker()); err != nil {
		return fmt.Errorf("finish the recovery: %w", err)
	}
	return syncFolder(r.dir)
}
