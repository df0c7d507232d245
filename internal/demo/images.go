package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"gatehouse/internal/demo/line"
	"gatehouse/internal/private"
)

// What an operator does with images of disks and with backups, as faults: a
// gate is put back to an image, the cloud to a backup, under traffic.

// copyFolder copies a data folder; its files stay their owner's alone.
func copyFolder(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("copy a disk: %w", err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return fmt.Errorf("copy a disk: %w", err)
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return fmt.Errorf("copy a disk: %w", err)
	}
	err = fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return root.Chmod(path, 0o600)
	})
	if err := errors.Join(err, root.Close()); err != nil {
		return fmt.Errorf("copy a disk: %w", err)
	}
	return nil
}

func (g *simGate) imagePath() string { return g.data + ".image" }

// image ends a gate, copies its disk and starts it again.
func (g *simGate) image(ctx context.Context) error {
	if err := g.down(); err != nil {
		return err
	}
	return errors.Join(copyFolder(g.data, g.imagePath()), g.up(ctx))
}

// restore puts a gate back to its image. What its own disk had still to send
// goes to the cloud in a file, as an operator brings it.
func (s *simSite) restore(ctx context.Context, g *simGate) error {
	if _, err := os.Stat(g.imagePath()); err != nil {
		return fmt.Errorf("there is no image of gate %s yet: say \"image %s\" first", g.code, g.code)
	}
	if err := g.down(); err != nil {
		return err
	}
	g.trouble.Lock()
	old := g.data + ".old" + strconv.Itoa(len(g.retired)+1)
	g.retired = append(g.retired, old)
	g.trouble.Unlock()
	if err := os.Rename(g.data, old); err != nil {
		return fmt.Errorf("put a disk aside: %w", err)
	}
	if err := copyFolder(g.imagePath(), g.data); err != nil {
		return err
	}
	if err := g.up(ctx); err != nil {
		return err
	}
	return s.carry(ctx, old)
}

// clone starts a second machine from an image of a gate's disk. Both run on as
// the same gate, each on a line of its own, and drivers come to both.
func (s *simSite) clone(ctx context.Context, g *simGate) error {
	if g.twin.Load() != nil {
		return fmt.Errorf("gate %s runs on two machines already", g.code)
	}
	twin, err := s.newTwin(g)
	if err != nil {
		return err
	}
	err = g.down()
	if err == nil {
		err = errors.Join(copyFolder(g.data, twin.data), g.up(ctx))
	}
	if err == nil {
		err = twin.up(ctx)
	}
	if err != nil {
		return errors.Join(err, twin.line.Close())
	}
	g.twin.Store(twin)
	if err := twin.signedIn(ctx); err != nil {
		return err
	}
	s.twins <- twin
	return nil
}

// newTwin makes the second machine of a gate; it does not run yet.
func (s *simSite) newTwin(g *simGate) (*simGate, error) {
	if s.spaces != nil {
		return nil, errors.New("a second machine needs a line of its own: run without --namespaces")
	}
	label := g.label + "-twin"
	proxy, err := line.NewProxy(uint64(len(g.code))+uint64(g.code[0]), s.replica)
	if err != nil {
		return nil, err
	}
	twin := &simGate{
		code: g.code, guard: g.guard, data: g.data + "-twin", line: proxy, of: g,
		node: &node{label: label, addrFile: filepath.Join(s.folder.Path(), label+".addr")},
	}
	args := slices.Clone(g.args)
	for i, arg := range args {
		switch arg {
		case g.data:
			args[i] = twin.data
		case g.addrFile:
			args[i] = twin.addrFile
		case g.line.URL():
			args[i] = proxy.URL()
		case g.lan: // its neighbours learn from its greetings where it is
			args[i] = anyPort
		}
	}
	twin.start = func(bool) (*program, error) { return s.run.startAs(label, nil, "gate", args...) }
	twin.ready = twin.listens
	return twin, nil
}

// carry brings what lies on a disk that was put aside to the cloud, in a file.
// All of it: the cloud may be a restored one, of which that disk does not know.
func (s *simSite) carry(ctx context.Context, disk string) error {
	file := disk + ".facts"
	if err := s.run.ask(ctx, nil, "gate", "export", "--all", "--data", disk, file); err != nil {
		return err
	}
	return s.run.ask(ctx, nil, "cloud", "import", file)
}

// disks are where a gate has written: its own data folder first, then those
// that were put aside.
func (g *simGate) disks() []string {
	g.trouble.Lock()
	defer g.trouble.Unlock()
	return append([]string{g.data}, g.retired...)
}

// exchange ends every replica, does something about the database, and starts
// them again. DB in a statement is the database's name.
func (s *simSite) exchange(ctx context.Context, statements ...string) (err error) {
	for _, n := range s.clouds {
		if err := n.kill(); err != nil {
			return err
		}
	}
	err = private.Administer(ctx, s.servers.databaseURL, statements...)
	for _, n := range s.clouds {
		err = errors.Join(err, n.up(ctx))
	}
	return err
}

// backup keeps the cloud's database as it is now.
func (s *simSite) backup(ctx context.Context) error {
	err := s.exchange(ctx, `DROP DATABASE IF EXISTS "DB_backup"`, `CREATE DATABASE "DB_backup" TEMPLATE "DB"`)
	if err == nil {
		s.backedUp.Store(true)
	}
	return err
}

// putBack puts the backup in the place of the cloud's database. Gates make it
// whole; what lies only on disks that were put aside is carried to it again.
func (s *simSite) putBack(ctx context.Context) error {
	if !s.backedUp.Load() {
		return errors.New(`there is no backup of the cloud yet: say "backup cloud" first`)
	}
	if err := s.exchange(ctx, `DROP DATABASE "DB"`, `CREATE DATABASE "DB" TEMPLATE "DB_backup"`); err != nil {
		return err
	}
	for _, g := range s.gates {
		for _, disk := range g.disks()[1:] {
			if err := s.carry(ctx, disk); err != nil {
				return err
			}
		}
	}
	return nil
}
