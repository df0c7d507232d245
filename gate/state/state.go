package state

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/clock"
	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Names of settings.
const (
	settingFeedSeq     = "feed_seq"
	settingIncarnation = "incarnation"
	settingHighest     = "highest_ms"
	settingAnchor      = "clock_anchor"
	settingHeard       = "heard_ms"
)

// Config is what a State is made of.
type Config struct {
	Store   *store.Store
	Clock   *clock.Clock
	Version string       // of the program, for the fact started
	Machine string       // fingerprint; "" for store.Machine()
	Built   time.Time    // of the program: a clock that tells an earlier time is dead; zero when not known
	Log     *slog.Logger // nil: discard
	// Alive is how long nothing may happen before a sign of life is written, for
	// simulations of days; 0 for a minute.
	Alive time.Duration
}

// State is what this gate knows, and where it writes what happens. It is safe
// for concurrent use.
type State struct {
	store *store.Store
	clock *clock.Clock
	log   *slog.Logger
	site  uuid.UUID
	gate  string
	// aliveEvery is how long nothing may happen before a sign of life.
	aliveEvery time.Duration
	epoch      parking.Epoch

	// writeMu is held by everything that writes; it is taken before mu. The
	// fields below it belong to the chain of facts.
	writeMu  sync.Mutex
	lastAt   map[bool]time.Time // of facts whose time was guessed, and of the others
	lastSeq  int64
	lastMono time.Duration // of the fact written last, on the boot's monotonic clock
	lastHash string
	unsure   bool                    // a write failed: ask the disk how far it got
	covered  map[parking.Epoch]int64 // up to where own facts are known to be covered
	// lent are home slots that were lent, as on disk; written under mu, too.
	lent map[string]parking.Lent
	// nearLent are home slots that were lent over the local network, likewise.
	nearLent map[string]parking.NearLent
	times    times

	series receiptSeries

	// mu guards what is in memory; it is never held while the disk works.
	mu         sync.Mutex
	base       base
	over       overlay
	recent     []Entry // oldest first
	queue      int64   // facts waiting
	highest    time.Time
	heard      time.Time // a time at which the cloud was heard
	built      time.Time
	references uint64
	strands    strands        // what is here of each gate's runs
	ahead      bool           // the cloud has got facts of this gate that this disk does not have
	clocks     parking.Clocks // what neighbours observed of their clocks
	tries      map[string]tries
	givenUp    map[string]parking.GivenUp // borrowed slots, by code, in this run
	near       parking.NearBorrowed       // borrowed over the local network, in this run
	watchers   map[chan struct{}]struct{}
	troubles   []Trouble
	shifts     map[string]OpenShift // drawers that are open here, by person
	read       map[uuid.UUID]bool   // messages that were read here
	lists      *Lists               // immutable: a change makes a new one
	listsHead  listsHead            // how far the cloud said that it has written them
	taken      []Taken              // lanes of other gates that this one runs, by gate
	devices    map[string]Devices   // what neighbours said of theirs, by gate
	noted      atomic.Bool          // something was noted beside the database
	damaged    atomic.Bool          // the database was found damaged
	fullSince  atomic.Int64         // when the disk was found full, milliseconds of business time; 0 when it is not
	view       atomic.Pointer[Site]
}

// Open reads the state from the store, mints a new epoch and writes its first
// fact. It fails with NotFound when the gate is not enrolled.
func Open(ctx context.Context, c Config) (*State, error) {
	id, err := c.Store.Identity()
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Machine == "" {
		c.Machine = store.Machine()
	}
	s := &State{
		store: c.Store, clock: c.Clock, log: c.Log, site: id.Site, gate: id.Gate,
		aliveEvery: cmp.Or(c.Alive, aliveEvery),
		lastAt:     map[bool]time.Time{}, covered: map[parking.Epoch]int64{}, tries: map[string]tries{},
		lent: map[string]parking.Lent{}, nearLent: map[string]parking.NearLent{}, givenUp: map[string]parking.GivenUp{}, watchers: map[chan struct{}]struct{}{},
		devices: map[string]Devices{}, lists: noLists(),
	}
	if err := s.startTime(ctx, c.Built); err != nil {
		return nil, err
	}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	if err := s.start(ctx, c.Version, c.Machine); err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	if err := s.ObserveClock(ctx); err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	if err := s.tellOfStart(ctx, c.Machine); err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	return s, nil
}

// start mints the epoch and writes started, in one transaction.
func (s *State) start(ctx context.Context, version, machine string) error {
	q := s.store.Read()
	last, err := q.LastFact(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return diskError("read the last fact", err)
	}
	before, err := q.LastEpoch(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return diskError("read the last epoch", err)
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // crypto/rand never fails: it ends the program instead
	s.epoch = parking.NewEpoch(parking.Epoch(before).Ordinal()+1, random)
	s.lastHash = last.Hash
	batch, err := s.compose([]Draft{{Kind: parking.KindStarted, Body: parking.Started{
		PrevEpoch: parking.Epoch(last.Epoch), PrevSeq: last.Seq, Version: version, Machine: machine,
	}}})
	if err != nil {
		return err
	}
	err = s.tx(ctx, func(q *gatesql.Queries) error {
		p := gatesql.NewEpochParams{Epoch: string(s.epoch), StartedAt: batch[0].fact.At.UnixMilli()}
		if err := q.NewEpoch(ctx, p); err != nil {
			return fmt.Errorf("mint an epoch: %w", err)
		}
		return s.insert(ctx, q, batch)
	})
	if err != nil {
		return err
	}
	s.took(batch)
	return nil
}

// load reads the database into memory.
func (s *State) load(ctx context.Context) error {
	q := s.store.Read()
	b, err := loadBase(ctx, q)
	if err != nil {
		return err
	}
	led, clocks, err := loadHeard(ctx, q, s.gate)
	if err != nil {
		return err
	}
	s.clocks = clocks // by which the overlay is timed
	over, err := loadOverlay(ctx, q, s.timed)
	if err != nil {
		return err
	}
	lent, err := loadLent(ctx, q)
	if err != nil {
		return err
	}
	nearLent, err := loadNearLent(ctx, q)
	if err != nil {
		return err
	}
	n, err := q.CountWaiting(ctx)
	if err != nil {
		return diskError("count waiting facts", err)
	}
	taken, err := s.loadTaken(ctx)
	if err != nil {
		return err
	}
	shifts, err := s.loadShifts(ctx, q)
	if err != nil {
		return err
	}
	read, err := loadMessagesRead(ctx, q)
	if err != nil {
		return err
	}
	highest, err := s.store.Setting(ctx, settingHighest)
	if err != nil {
		return err
	}
	lists, err := s.loadLists(ctx, q)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = lists
	s.base, s.over, s.queue, s.lent, s.nearLent, s.strands, s.taken = b, over, n, lent, nearLent, led, taken
	s.shifts, s.read = shifts, read
	for id := range s.over.facts {
		s.refold(id)
	}
	s.dropRevoked()
	if ms, err := strconv.ParseInt(highest, 10, 64); err == nil {
		s.noteHighest(time.UnixMilli(ms).UTC())
	}
	if s.recent, err = s.loadRecent(ctx, q); err != nil {
		return err
	}
	s.publish()
	return nil
}

// Site is what is known now. The value is immutable and never nil.
func (s *State) Site() *Site { return s.view.Load() }

// Epoch is this run of the gate.
func (s *State) Epoch() parking.Epoch { return s.epoch }

// Gate is this gate's code.
func (s *State) Gate() string { return s.gate }

// SiteID is the site's id.
func (s *State) SiteID() uuid.UUID { return s.site }

// Clock is the gate's business time.
func (s *State) Clock() *clock.Clock { return s.clock }

// Stay returns a stay that is inside, or that left or was voided in the last
// two days; NotFound otherwise.
func (s *State) Stay(_ context.Context, id uuid.UUID) (parking.Stay, error) {
	if stay, ok := s.Site().Stay(id); ok {
		return stay, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stay := s.effective(id); stay != nil && stay.State != "" {
		return *stay, nil
	}
	return parking.Stay{}, parking.Errorf(parking.NotFound, "This stay is not known at this gate.")
}

// Vehicle is what the gate remembers of a plate that was here.
type Vehicle struct {
	Plate   parking.Plate
	Display string
	Class   parking.Class
	SeenAt  time.Time
}

// Vehicle returns what is remembered of a plate; NotFound when it was never here.
func (s *State) Vehicle(ctx context.Context, p parking.Plate) (Vehicle, error) {
	v, err := s.store.Read().Vehicle(ctx, string(p))
	if errors.Is(err, sql.ErrNoRows) {
		return Vehicle{}, parking.Errorf(parking.NotFound, "The plate %s has not been here.", p)
	}
	if err != nil {
		return Vehicle{}, s.diskError("read a vehicle", err)
	}
	return Vehicle{Plate: p, Display: v.Display, Class: parking.Class(v.Class), SeenAt: time.UnixMilli(v.SeenMs).UTC()}, nil
}

// NextReference makes the next payment reference of this epoch.
func (s *State) NextReference() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.references++
	return parking.NewReference(s.gate, string(s.epoch), s.references), nil
}

// Changed returns a channel that receives after a change of Site, Recent or
// the queue: several changes may come as one. cancel ends it.
func (s *State) Changed() (ch <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	s.watchers[c] = struct{}{}
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.watchers, c)
		s.mu.Unlock()
	}
}

// notify wakes the watchers; mu is held.
func (s *State) notify() {
	for c := range s.watchers {
		select {
		case c <- struct{}{}:
		default: // it is already going to look
		}
	}
}

// SetHold notes a hint about a reservation: gate holds slot for left, or has
// released it when left is 0.
func (s *State) SetHold(slot, gate string, left time.Duration) {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if left <= 0 {
		if s.base.holds[slot].Gate == gate {
			delete(s.base.holds, slot)
		}
	} else {
		s.base.holds[slot] = Hold{Gate: gate, Until: now.Add(left)}
	}
	s.publish()
}

// ApplyHint is SetHold for a message from the cloud.
func (s *State) ApplyHint(h wire.Hint) {
	s.SetHold(h.Slot, h.Gate, time.Duration(h.LeftMS)*time.Millisecond)
}

// noteHighest remembers the highest time ever seen here; mu is held.
func (s *State) noteHighest(t time.Time) {
	if t.After(s.highest) {
		s.highest = t
	}
}

func (s *State) saveHighest(ctx context.Context, q *gatesql.Queries, t time.Time) error {
	s.mu.Lock()
	if s.highest.After(t) {
		t = s.highest
	}
	s.mu.Unlock()
	p := gatesql.SetSettingParams{Name: settingHighest, Value: strconv.FormatInt(t.UnixMilli(), 10)}
	if err := q.SetSetting(ctx, p); err != nil {
		return fmt.Errorf("write the highest time: %w", err)
	}
	return nil
}

// diskError wraps what the disk said when reading, and notices damage.
func (s *State) diskError(what string, err error) error {
	if store.IsDamaged(err) {
		s.foundDamaged()
	}
	return diskError(what, err)
}

// diskError wraps what the disk said when reading.
func diskError(what string, err error) error {
	if store.IsDamaged(err) {
		return fmt.Errorf("%s: %w", what, store.Damaged(err))
	}
	return fmt.Errorf("%s: %w (%w)", what,
		parking.Errorf(parking.Unavailable, "The disk of this gate cannot be read. Check the disk."), err)
}
