package simulation

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate"
	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/gate/uplink"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
)

// post is one gate's machine: its disk, its clocks, the program on it and the
// cable that leads to the cloud.
type post struct {
	code  string
	label string // the machine's name: the gate's, or that of its second machine
	of    *post  // the gate's own machine, of a second one
	world *world

	dir     string // the disk; another folder after a kill
	folders int
	weather weather
	line    *line      // of the program that runs
	plug    *plug      // its place in the LAN
	node    *gate.Node // nil: switched off

	boots   int
	bootAt  time.Time     // simulated
	wallOff time.Duration // how wrong the wall clock is
	starts  int
	seen    int64     // of the feed, by whoever looked last
	known   uuid.UUID // whose feed that was
	diary   diary
}

// newPost makes a machine with an enrolled gate's disk.
func newPost(w *world, g *cloudtest.Gate) (*post, error) {
	p := &post{code: g.Code, label: g.Code, world: w, bootAt: time.Now(), boots: 1}
	p.dir = p.folder()
	disk, err := store.Open(w.ctx, p.dir, store.Options{Disk: storetest.Roomy})
	if err != nil {
		return nil, err
	}
	err = disk.SaveIdentity(store.Identity{
		Tenant: w.site.Tenant, Site: w.site.ID, Gate: g.Code, CloudURL: "http://localhost",
		PublicKey: g.Key.Public().(ed25519.PublicKey), PrivateKey: g.Key, //nolint:forcetypeassert // it is one
	})
	return p, errors.Join(err, disk.Close())
}

// folder names the next state of the disk.
func (p *post) folder() string {
	p.folders++
	return filepath.Join(p.world.dir, fmt.Sprintf("%s-%d", p.label, p.folders))
}

// start starts the program.
func (p *post) start() error {
	if p.node != nil {
		return nil
	}
	p.starts++
	address := fmt.Sprintf("10.0.%d.%d:4000", p.label[0], p.starts)
	p.line = newLine(address, p.world.seed<<8|uint64(p.starts), p.world.route)
	p.set(p.weather)
	p.plugIn()
	bootAt := p.bootAt
	node, err := gate.Open(p.world.ctx, gate.Config{
		Disk: storetest.Roomy, DataDir: p.dir, Version: "simulated", Log: p.log(),
		Wall: func() time.Time { return p.world.now().Add(p.wallOff) },
		Mono: func() time.Duration { return time.Since(bootAt) },
		Boot: fmt.Sprintf("%s-%d", p.label, p.boots), Dial: p.line.dial,
		Barriers: map[string]string{"1": "sim:", "2": "sim:"},
		Timing: uplink.Timing{
			Heartbeat: time.Duration(p.world.pace) * wire.Heartbeat, PhotoLook: 10 * time.Minute, Housekeep: time.Hour,
			BackoffCap: min(time.Duration(p.world.pace)*5*time.Second, 30*time.Second), // a gate without a line is most of what it costs
		},
		NeighbourListen: lanAddress(p.label), Neighbours: p.neighbours(), NeighbourTiming: neighbourTiming(p.world.pace),
		NeighbourDial: p.plug.dial, NeighbourListenOn: p.plug.listen,
		Alive: p.world.alive,
	})
	if err != nil {
		return fmt.Errorf("start gate %s: %w", p.code, err)
	}
	p.node = node
	return nil
}

// set changes the weather on the cable.
func (p *post) set(w weather) {
	p.weather = w
	if p.world.outage {
		w = cut // whatever the cable itself is like
	}
	if p.line != nil {
		p.line.set(w)
	}
}

// stop ends the program as its service does.
func (p *post) stop() error {
	if p.node == nil {
		return nil
	}
	err := p.node.Close()
	p.line.sever()
	p.pull()
	p.node = nil
	return err
}

// kill ends the program between any two of its steps: what is on its disk at
// this moment is what the next one finds. The old program is then ended on a
// disk and a network that nobody will see again.
func (p *post) kill() error {
	if p.node == nil {
		return nil
	}
	p.line.sever()
	p.pull()
	synctest.Wait() // nobody writes while the disk is copied
	old, image := p.dir, p.folder()
	err := copyDisk(old, image)
	err = errors.Join(err, p.node.Close(), os.RemoveAll(old))
	p.node, p.dir = nil, image
	return err
}

// reboot is what the machine's clocks do when it was off: the monotonic clock
// begins anew, and the wall clock is wrong by wallOff.
func (p *post) reboot(wallOff time.Duration) {
	p.boots++
	p.bootAt, p.wallOff = time.Now(), wallOff
}

// copyDisk copies a data folder as it is, the write-ahead log too.
func copyDisk(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"gate.db", "gate.db-wal", "identity.json"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// quiet says whether the gate has nothing to send and knows everything up to
// head; why not otherwise.
func (p *post) quiet(head int64) (bool, string) {
	if p.node == nil {
		return false, "it is off"
	}
	link, site := p.node.Link(), p.node.State().Site()
	ok := link.State != "offline" && link.Queue == 0 && site.FeedSeq == head
	return ok, fmt.Sprintf("link %s (%s), %d facts wait, feed %d of %d", link.State, link.Why, link.Queue, site.FeedSeq, head)
}

// log is the program's log; its end is told when the day ends badly.
func (p *post) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(&p.diary, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// diary keeps the last lines that are written to it.
type diary struct {
	mu    sync.Mutex
	lines []string
}

const diaryLines = 40

// Write keeps a line.
func (d *diary) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.lines) == diaryLines {
		d.lines = d.lines[1:]
	}
	d.lines = append(d.lines, string(b))
	return len(b), nil
}
