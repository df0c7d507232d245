package slots_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/redis/go-redis/v9"

	"gatehouse/cloud/slots"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Histories of plans are recorded under load and faults and checked with
// porcupine against a slot that does one thing after the other.

const (
	linearClients = 32
	linearSlots   = 50
	linearTTL     = 250 * time.Millisecond
)

type planKind int

const (
	reserves planKind = iota
	renews
	releases
)

// planCall and planAnswer are one operation of a history. Times are of the
// test's monotonic clock, in nanoseconds; the database is on the same machine.
type planCall struct {
	kind   planKind
	slot   string
	grant  int64 // whose plan is renewed or released
	call   int64
	answer int64
}

type planAnswer struct {
	ok    bool
	grant int64
}

// held is the sequential slot: the number of its last grant, and between which
// two moments that one ends by itself. The database's clock is read somewhere
// between a call and its answer, so that is all that can be known.
type held struct {
	grant     int64
	ends      bool // it holds until some moment of [from, until]; else nobody holds it
	from, til int64
}

// slotModel says what may happen to one slot. A refusal is always legal: a
// plan may be refused. What is granted and renewed is what must be right.
func slotModel() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			by := map[string][]porcupine.Operation{}
			for _, op := range history {
				call := op.Input.(planCall)
				by[call.slot] = append(by[call.slot], op)
			}
			var out [][]porcupine.Operation
			for _, ops := range by {
				out = append(out, ops)
			}
			return out
		},
		Init: func() any { return held{} },
		Step: func(state, input, output any) (bool, any) {
			s, call, answer := state.(held), input.(planCall), output.(planAnswer)
			if !answer.ok {
				return true, s
			}
			until := held{grant: answer.grant, ends: true, from: call.call + int64(linearTTL), til: call.answer + int64(linearTTL)}
			switch call.kind {
			case reserves:
				// The next number, and only after the one before has ended.
				return answer.grant == s.grant+1 && (!s.ends || call.answer >= s.from), until
			case renews:
				// The newest number, and only while it holds.
				return answer.grant == call.grant && s.grant == call.grant && s.ends && call.call <= s.til, until
			default:
				if s.grant == call.grant {
					s.ends = false
				}
				return true, s
			}
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
}

// quiet drops what the Redis library says of connections that fail.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{})
	os.Exit(m.Run())
}

// planner is what clients plan with.
type planner interface {
	Reserve(ctx context.Context, a slots.Asker, slot string) (wire.Reservation, error)
	Renew(ctx context.Context, a slots.Asker, slot, token string) (wire.Reservation, error)
	Release(ctx context.Context, a slots.Asker, slot, token string) error
}

// readThenSet is a store that looks first and grants then: what must not be.
type readThenSet struct {
	*slots.Service
	store *store.Store
}

func (b readThenSet) Reserve(ctx context.Context, a slots.Asker, slot string) (wire.Reservation, error) {
	var n int64
	var free bool
	err := b.store.Pool.QueryRow(ctx, `SELECT grant_number, grant_until IS NULL OR grant_until <= clock_timestamp()
		FROM slots WHERE site_id = $1 AND code = $2`, a.Site, slot).Scan(&n, &free)
	if err != nil || !free {
		return wire.Reservation{}, parking.Errorf(parking.Conflict, "held")
	}
	token := rand.Text()
	sum := sha256.Sum256([]byte(token))
	_, err = b.store.Pool.Exec(ctx, `UPDATE slots SET grant_number = $3, grant_gate = $4, grant_token = $5,
		grant_until = clock_timestamp() + make_interval(secs => $6) WHERE site_id = $1 AND code = $2`,
		a.Site, slot, n+1, a.Gate, sum[:], linearTTL.Seconds())
	return wire.Reservation{Slot: slot, Token: token, Grant: n + 1}, err
}

// linear is one run: a site whose slots are all of one gate, and two replicas.
type linear struct {
	t        *testing.T
	site     *cloudtest.Site
	asker    slots.Asker
	codes    []string
	replicas []planner
	start    time.Time
	mu       sync.Mutex
	history  []porcupine.Operation
	granted  atomic.Int64
}

func newLinear(t *testing.T, redisURL string, broken bool) *linear {
	t.Helper()
	l := &linear{t: t, site: cloudtest.NewSite(t, nil), start: time.Now()}
	l.asker = slots.Asker{Site: l.site.ID, Gate: "N"}
	rows, err := l.site.Store.Pool.Query(t.Context(), "UPDATE slots SET home_gate = 'N' RETURNING code")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var code string
		if err := rows.Scan(&code); err != nil {
			t.Fatal(err)
		}
		l.codes = append(l.codes, code)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(l.codes)
	l.codes = l.codes[:linearSlots]
	for range 2 {
		s, err := store.Open(t.Context(), l.site.URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		cfg := slots.Config{Store: s, Now: time.Now, TTL: linearTTL}
		if redisURL != "" {
			opts, err := redis.ParseURL(redisURL)
			if err != nil {
				t.Fatal(err)
			}
			opts.MaxRetries, opts.DialerRetries = 1, 1 // as the cloud has it
			client := redis.NewClient(opts)
			t.Cleanup(func() { _ = client.Close() })
			cfg.Redis = client
		}
		service := slots.New(cfg)
		if broken {
			l.replicas = append(l.replicas, readThenSet{Service: service, store: s})
		} else {
			l.replicas = append(l.replicas, service)
		}
	}
	return l
}

// client is one of those who plan: it reserves, renews, gives back, or stops
// for longer than its plan lives and goes on as if nothing had been.
func (l *linear) client(id int, seed uint64, rounds int) {
	rng := mathrand.New(mathrand.NewPCG(seed, uint64(id)))
	type plan struct {
		slot, token string
		grant       int64
	}
	var mine *plan
	for range rounds {
		on := l.replicas[rng.IntN(len(l.replicas))]
		if mine == nil {
			slot := l.codes[rng.IntN(len(l.codes))]
			if rng.IntN(2) == 0 {
				slot = l.codes[rng.IntN(3)] // some are wanted by all
			}
			var r wire.Reservation
			ok := l.record(id, planCall{kind: reserves, slot: slot}, func() (int64, error) {
				var err error
				r, err = on.Reserve(l.t.Context(), l.asker, slot)
				return r.Grant, err
			})
			if ok {
				mine = &plan{slot: slot, token: r.Token, grant: r.Grant}
				l.granted.Add(1)
			}
			continue
		}
		switch n := rng.IntN(10); {
		case n < 4:
			ok := l.record(id, planCall{kind: renews, slot: mine.slot, grant: mine.grant}, func() (int64, error) {
				r, err := on.Renew(l.t.Context(), l.asker, mine.slot, mine.token)
				return r.Grant, err
			})
			if !ok {
				mine = nil
			}
		case n < 7:
			l.record(id, planCall{kind: releases, slot: mine.slot, grant: mine.grant}, func() (int64, error) {
				return 0, on.Release(l.t.Context(), l.asker, mine.slot, mine.token)
			})
			mine = nil
		case n < 8:
			mine = nil // the program has ended
		default: // it stops, sometimes for longer than the plan lives
			select {
			case <-l.t.Context().Done():
			case <-time.After(time.Duration(rng.Int64N(int64(linearTTL * 3 / 2)))):
			}
		}
	}
}

// record does one operation and writes it into the history.
func (l *linear) record(id int, call planCall, do func() (int64, error)) bool {
	call.call = int64(time.Since(l.start))
	grant, err := do()
	call.answer = int64(time.Since(l.start))
	if err != nil && parking.ErrorCode(err) != parking.Conflict {
		l.t.Errorf("client %d: %v", id, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.history = append(l.history, porcupine.Operation{
		ClientId: id, Input: call, Call: call.call, Output: planAnswer{ok: err == nil, grant: grant}, Return: call.answer,
	})
	return err == nil
}

// run lets all clients plan, and does what disturb does meanwhile.
func (l *linear) run(seed uint64, rounds int, disturb func()) porcupine.CheckResult {
	var clients, beside sync.WaitGroup
	for id := range linearClients {
		clients.Go(func() { l.client(id, seed, rounds) })
	}
	beside.Go(disturb)
	clients.Wait()
	beside.Wait()
	return porcupine.CheckOperationsTimeout(slotModel(), l.history, 2*time.Minute)
}

func linearRounds(t *testing.T) (seed uint64, rounds int) {
	t.Helper()
	seed, rounds = 1, 40
	for name, to := range map[string]func(uint64){
		"PARK_SEED": func(n uint64) { seed = n }, "PARK_ROUNDS": func(n uint64) { rounds = int(n) },
	} {
		if v := os.Getenv(name); v != "" {
			n, err := strconv.ParseUint(v, 10, 31)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			to(n)
		}
	}
	return seed, rounds
}

// What is granted and renewed is linearizable, with 32 clients on 50 slots over
// two replicas, holders that stop for longer than their plan lives, and a Redis
// that is killed under the load and comes back empty. PARK_ROUNDS is how many
// operations each client does, PARK_SEED which ones.
func TestPlansAreLinearizable(t *testing.T) {
	t.Parallel()
	seed, rounds := linearRounds(t)
	own := privatetest.OwnRedis(t)
	l := newLinear(t, own.URL(), false)
	until := func(n int64) bool { // that many grants, or the end of the test
		for l.granted.Load() < n {
			select {
			case <-t.Context().Done():
				return false
			case <-time.After(time.Millisecond): // between two looks
			}
		}
		return true
	}
	// The grants to come are at least a tenth of all operations.
	part := int64(linearClients*rounds) / 40
	kills := 0
	result := l.run(seed, rounds, func() {
		for n := part; n <= 3*part; n += part {
			if !until(n) {
				return
			}
			if err := own.Kill(); err != nil {
				t.Error(err)
				return
			}
			until(n + part/2)
			if err := own.Start(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
				return
			}
			kills++
		}
	})
	if result != porcupine.Ok {
		t.Errorf("PARK_SEED=%d PARK_ROUNDS=%d: the history of %d operations is %s", seed, rounds, len(l.history), result)
	}
	renewed := 0
	for _, op := range l.history {
		if op.Input.(planCall).kind == renews && op.Output.(planAnswer).ok {
			renewed++
		}
	}
	t.Logf("%d operations, %d grants, %d renewals, Redis killed %d times: %s", len(l.history), l.granted.Load(), renewed, kills, result)
	if kills == 0 || renewed == 0 {
		t.Error("the history does not show what it should")
	}
}

// The control: a store that reads first and sets then is found out by the same
// clients and the same model.
func TestReadThenSetIsNotLinearizable(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 20; seed++ {
		l := newLinear(t, "", true)
		if l.run(seed, 40, func() {}) == porcupine.Illegal {
			return
		}
	}
	t.Error("a store that grants twice passes: the check is blind")
}
