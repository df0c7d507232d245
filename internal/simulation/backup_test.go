package simulation

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"gatehouse/cloud/ingest"
	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/private"
	"gatehouse/internal/wire"
)

// planBackup lets the cloud go back, hours later, to its database as it was.
// Nobody tells the gates: they make it whole. One gate has been started anew
// meanwhile, so that what it has to send again is not of the run that it is in.
func (w *world) planBackup(p *post, rng *rand.Rand, at, later time.Duration) {
	away, off := time.Second+moment(rng, 5*time.Minute), time.Second+moment(rng, 20*time.Minute)
	var backup, restore func()
	restore = func() {
		w.must("stop the cloud", w.cloud.leave(true, w.lines()))
		w.must("restore the cloud", w.putBack())
		w.did[cloudRestored]++
		w.after(off, func() {
			w.must("start the cloud", w.cloud.serve(w.ctx))
			w.carry()
		})
	}
	backup = func() {
		w.must("stop the cloud", w.cloud.leave(false, w.lines()))
		w.must("back up the cloud", w.backup())
		w.after(away, func() { w.must("start the cloud", w.cloud.serve(w.ctx)) })
		for i := range 3 { // something that the backup does not know, whatever drivers do
			w.after(later*time.Duration(i+1)/4, func() { w.byHand(w.posts...) })
		}
		w.after(later*7/8, func() {
			if p.node != nil {
				w.must("start gate "+p.code+" anew", errors.Join(p.stop(), p.start()))
			}
		})
		w.after(later, restore)
	}
	w.after(at, backup)
}

// backup keeps a copy of the cloud's database, which nobody uses now.
func (w *world) backup() error {
	return private.Administer(w.ctx, w.site.URL, `DROP DATABASE IF EXISTS "DB_backup"`, `CREATE DATABASE "DB_backup" TEMPLATE "DB"`)
}

// putBack puts the copy in the place of the cloud's database. What it
// acknowledged since is not acknowledged by it.
func (w *world) putBack() error {
	w.tap.forget()
	return private.Administer(w.ctx, w.site.URL, `DROP DATABASE "DB"`, `CREATE DATABASE "DB" TEMPLATE "DB_backup"`)
}

// dropBackup drops the copy after the last day.
func (g *ground) dropBackup(t *testing.T) {
	t.Helper()
	err := private.Administer(context.Background(), g.site.URL, `DROP DATABASE IF EXISTS "DB_backup"`) // the test's context has ended
	if err != nil {
		t.Error(err)
	}
}

// carry brings to the cloud, in a file, what lies on disks that were put aside:
// all of it, since the cloud may be one that does not know what it had.
func (w *world) carry() {
	if w.cloud.cloud == nil {
		w.after(comeBack, w.carry)
		return
	}
	for _, d := range w.aside {
		if !d.dead {
			w.must("bring the facts of a disk of gate "+d.code, w.bringFile(d))
		}
	}
}

// bringFile is gate export and cloud import.
func (w *world) bringFile(d disk) error {
	r, err := store.OpenReader(d.dir)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	_, err = state.Export(w.ctx, r, true, &file)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	z, err := gzip.NewReader(&file)
	if err != nil {
		return err
	}
	in := &ingest.Ingester{Store: w.cloud.cloud.Store, Log: slog.New(slog.DiscardHandler)}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, wire.MaxBatchBytes)
	for lines.Scan() {
		if _, err := in.Import(w.ctx, lines.Bytes(), w.now()); err != nil {
			return fmt.Errorf("import: %w", err)
		}
	}
	return lines.Err()
}
