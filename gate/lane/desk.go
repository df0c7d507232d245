// Package lane is what happens at a gate's lanes: one vehicle at a time
// arrives, is read, is offered a slot or a fee, is accepted (the fact is on
// disk) and let through. Desk holds the lanes and does the acts of a guard; a
// View of it is what every screen draws.
//
// Nothing here waits for the network: with no cloud, no camera and no vision
// worker the guard types the plate and everything else goes on. The barrier
// is commanded only after the disk has the fact.
package lane

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/parking"
	"gatehouse/vision"
)

// Reader reads the plate on a picture: the client of the vision worker. An
// error says that nothing could be read just now; the guard types then.
type Reader interface {
	Read(ctx context.Context, picture []byte, country string) (vision.Reading, error)
}

// Hold is a slot that the cloud keeps for this gate.
type Hold struct {
	Slot  string
	Token string
	Grant int64 // rising number of the slot's grants
	Left  time.Duration
}

// Plans asks the cloud to hold slots. An error with code Conflict says that
// somebody else has the slot; Unavailable that the cloud cannot be asked.
type Plans interface {
	Reserve(ctx context.Context, slot string) (Hold, error)
	Renew(ctx context.Context, h Hold) (Hold, error)
	Release(ctx context.Context, h Hold) error
}

// Notes keeps named values on the gate's disk; an unset one is "".
type Notes interface {
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}

// Config is what a Desk is made of. What is nil is away, and the desk works
// without it; only State, Notes and Now are needed.
type Config struct {
	Gate  string // this gate's code
	State *state.State
	Now   func() time.Time // business time
	// Cameras are by lane ("1", which is "1/plate") and role ("1/face").
	Cameras  map[string]camera.Source
	Barriers map[string]device.Barrier // by lane
	// Sensors are by lane and what they tell: "1/arrival", "1/passage",
	// "1/contact". The lanes of another gate that this one has taken over are named
	// with it: "N/1/arrival".
	Sensors map[string]device.Sensor
	Signs   map[string]device.Sign // by lane
	Vision  Reader
	Plans   Plans
	Link    func() Link // the uplink's word
	// LinkChanged tells that Link answers something else; nil: once a second
	// is enough.
	LinkChanged func() (<-chan struct{}, func())
	// Neighbours says which other gates of the site are heard over the local
	// network, and NeighboursChanged tells that it answers something else; nil
	// where there is no link between gates.
	Neighbours        func() []Neighbour
	NeighboursChanged func() (<-chan struct{}, func())
	// TakenLanes says which lanes of other gates this one runs; nil: none.
	TakenLanes func() []Taken
	// Notes keeps small values for the desk over a restart.
	Notes Notes
	// VisionState says whether the worker is well; nil: by the last answer.
	VisionState func() Worker
	// SignIn asks the cloud who a guard is, and remembers them for offline
	// days. An Unavailable error sends the desk to its own verifiers.
	SignIn func(ctx context.Context, name, password string) (Guard, error)
	Log    *slog.Logger
	// Printers print tickets at lanes that lead in; Tickets says for which
	// classes, by lane: a lane without an entry prints for all.
	Printers map[string]device.Printer
	Tickets  map[string][]parking.Class
	// Key is this gate's own: it signs tickets. Keys are those that a gate of the
	// site has or had, to verify them with; nil: the site's configuration's.
	Key  ed25519.PrivateKey
	Keys func(gate string) []parking.TicketKey
	// ShowDone is how long a vehicle that was let through stays on the
	// screen; 0 means DefaultShowDone, less than 0 for ever.
	ShowDone time.Duration
	// AtStep is told where a vehicle's life is, for tests that end it there.
	AtStep func(Step)
}

// DefaultShowDone is how long a vehicle that was let through stays shown.
const DefaultShowDone = 8 * time.Second

// Times within which what stands around a lane must answer.
const (
	frameTimeout   = 2 * time.Second // a camera
	readTimeout    = 5 * time.Second // the vision worker
	barrierTimeout = 3 * time.Second // a barrier
	planTimeout    = 2 * time.Second // the cloud, asked for a hold
	signInTimeout  = 3 * time.Second // the cloud, asked who a guard is
)

// Desk is what a gate's lanes are about and what can be done there. Its
// methods may be called from several goroutines. Every act names the subject
// that it belongs to: an act for a vehicle that has gone is refused with code
// Conflict, the same act for a vehicle that was let through answers as the
// first time and does nothing.
type Desk struct {
	cfg Config
	log *slog.Logger

	// mu is held while an act is checked and written, never while a device,
	// a camera, the vision worker or the cloud is asked.
	mu     sync.Mutex
	lanes  map[string]*post
	senses map[string]*sense     // by lane and what it tells
	signs  map[string]*sign      // by lane
	guard  atomic.Pointer[Guard] // who is signed in at the gate, nil for nobody
	holds  laneHolds             // of lanes, by consoles
	deeds  deeds                 // what guards did just now
	cards  guardCards            // that unlock consoles
	disk   Worker
	spent  map[string]Hold // by slot: holds of slots that vehicles took
	reader Worker
	late   []lateReading // vehicles that went in before their plate was read
	// lateBusy says that they are being read.
	lateBusy bool
	turn     int // notes about loans so far
	wishes   wishes
	near     nearTurn
	ids      [64]sync.Mutex // by request id: one request is done once at a time
	noteMu   sync.Mutex
	tapMu    sync.Mutex // one tap at a time: it is taken before mu

	background sync.WaitGroup // readings, holds and barriers under way
	ctx        context.Context
	stop       context.CancelFunc

	signWakes atomic.Pointer[[]chan struct{}] // of those in signs

	notices notices
	version atomic.Uint64 // counts what changed
	touched chan struct{} // wakes Run
	resting atomic.Bool   // Run's tick stands still: nobody looks
	looked  chan struct{} // somebody does again
	viewMu  sync.Mutex
	view    *View
	built   uint64       // the version that view shows, and
	builtOf *state.Site  // of which state
	viewed  atomic.Int64 // when a screen last asked, milliseconds of the machine
}

// New makes a desk. It shows what the state knows at once; the last entry or
// exit of each lane whose opening was not confirmed before the program ended
// stands at its lane. Close ends what it has under way.
func New(ctx context.Context, cfg Config) (*Desk, error) {
	if cfg.ShowDone == 0 {
		cfg.ShowDone = DefaultShowDone
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &Desk{cfg: cfg, log: cfg.Log, lanes: map[string]*post{}, senses: map[string]*sense{}, signs: map[string]*sign{}, spent: map[string]Hold{}, wishes: newWishes(), disk: Worker{OK: true}, touched: make(chan struct{}, 1), looked: make(chan struct{}, 1)}
	d.reader = Worker{OK: cfg.Vision != nil}
	if cfg.Vision == nil {
		d.reader.Why = "There is no vision worker; plates are typed."
	}
	d.ctx, d.stop = context.WithCancel(context.WithoutCancel(ctx))
	d.touch()
	d.makeSenses(cfg.Sensors)
	d.makeSigns(cfg.Signs)
	if err := d.restore(ctx); err != nil {
		d.stop()
		return nil, err
	}
	d.watchSensors()
	d.runSigns()
	return d, nil
}

// Close ends readings and holds and waits for them.
func (d *Desk) Close() {
	d.stop()
	d.background.Wait()
}

// spawn runs f in the background until it ends by itself or by Close.
func (d *Desk) spawn(f func()) {
	d.background.Add(1)
	go func() {
		defer d.background.Done()
		f()
	}()
}

// Intervals of Run.
const (
	viewInterval    = 50 * time.Millisecond  // at most 20 views a second
	pictureInterval = 500 * time.Millisecond // while somebody looks
	idleInterval    = time.Second
	watchedFor      = 3 * time.Second // after the last look, pictures are not taken anew
)

// Run keeps views fresh until ctx ends: it tells screens of changes, at most
// twenty times a second, and takes lane pictures while somebody looks.
func (d *Desk) Run(ctx context.Context) error {
	changed, cancel := d.cfg.State.Changed()
	defer cancel()
	var link <-chan struct{}
	if d.cfg.LinkChanged != nil {
		var cancel func()
		link, cancel = d.cfg.LinkChanged()
		defer cancel()
	}
	var others <-chan struct{}
	if d.cfg.NeighboursChanged != nil {
		var cancel func()
		others, cancel = d.cfg.NeighboursChanged()
		defer cancel()
	}
	tell := time.NewTimer(viewInterval) // armed while something is to be told
	defer tell.Stop()
	armed := true
	tick := time.NewTicker(idleInterval)
	defer tick.Stop()
	d.refresh() // what changed before somebody listened
	var lastSecond time.Time
	var told uint64
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			d.refresh()
			d.touch()
			continue
		case <-link:
			d.refresh()
			d.touch()
			continue
		case <-others:
			d.refresh() // what a guard chose may be a slot of theirs
			d.touch()
			continue
		case <-d.touched:
			if !armed {
				armed = true
				tell.Reset(viewInterval)
			}
		case <-tell.C:
			armed = false
			if v := d.version.Load(); v != told {
				told = v
				d.notices.tell()
			}
		case <-d.looked:
			tick.Reset(pictureInterval)
			if d.watched(time.Now()) {
				d.takePictures()
			}
		case now := <-tick.C:
			if d.rest(now) {
				tick.Stop()
				continue
			}
			if now.Sub(lastSecond) >= time.Second {
				lastSecond = now
				d.lookLate()
				d.touch() // the clock and the link's figures
			}
			next := idleInterval
			if d.watched(now) {
				next = pictureInterval
				d.takePictures()
			}
			tick.Reset(next)
		}
	}
}

// rest says whether nobody looks, and Run's tick may stand still until somebody
// does: a gate at night has nothing to do once a second.
func (d *Desk) rest(now time.Time) bool {
	d.resting.Store(true) // before the look: who comes after it finds it, and wakes
	if !d.watched(now) && !d.notices.any() && !d.lateWaits() {
		return true
	}
	d.resting.Store(false)
	return false
}

// lookedAt wakes Run's tick: somebody looks. What stood still is told anew.
func (d *Desk) lookedAt() {
	if !d.resting.CompareAndSwap(true, false) {
		return
	}
	d.touch()
	select {
	case d.looked <- struct{}{}:
	default: // it is going to tick anyway
	}
}

// touch says that the view is no longer true.
func (d *Desk) touch() {
	d.version.Add(1)
	select {
	case d.touched <- struct{}{}:
	default: // Run is going to look anyway
	}
	d.wakeSigns()
}

// Changed returns a channel that gets a value after the view has changed, and
// a function that ends the subscription. Values are coalesced: one waiting
// value means "look again".
func (d *Desk) Changed() (<-chan struct{}, func()) {
	ch, cancel := d.notices.subscribe()
	d.lookedAt()
	return ch, cancel
}

// notices tells subscribers that something changed, without waiting for them.
type notices struct {
	mu   sync.Mutex
	subs map[chan struct{}]struct{}
}

// any says whether there are subscribers.
func (n *notices) any() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.subs) > 0
}

func (n *notices) subscribe() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.subs == nil {
		n.subs = map[chan struct{}]struct{}{}
	}
	n.subs[ch] = struct{}{}
	return ch, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.subs, ch)
	}
}

func (n *notices) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for ch := range n.subs {
		select {
		case ch <- struct{}{}:
		default: // it has one waiting already
		}
	}
}

// write puts facts on disk, in one transaction. mu is held.
func (d *Desk) write(ctx context.Context, drafts ...state.Draft) ([]parking.Fact, error) {
	// A caller that goes away must not leave the lane half done.
	facts, err := d.cfg.State.Write(context.WithoutCancel(ctx), drafts...)
	d.disk = Worker{OK: err == nil}
	if err != nil {
		d.disk.Why = parking.ErrorMessage(err)
		d.log.Error("facts were not written", "kind", drafts[0].Kind, "error", err)
	}
	d.noteWritten(ctx, drafts, facts)
	d.touch()
	return facts, err
}

// newID makes the id of a stay, a payment or a subject.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
