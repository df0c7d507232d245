package ingest_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// tale is a history: what truly happened, as three gates with wrong clocks and
// the cloud wrote it down. Everything in it, ids too, follows from the seed.
type tale struct {
	seed     uint64
	rng      *rand.Rand
	site     uuid.UUID
	runs     []*taleRun // each an epoch of a gate or of the cloud
	events   []event
	passages []passage // the INs and OUTs of the disorder

	settled, reopened string                  // ids of conflicts
	matched           map[uuid.UUID]uuid.UUID // exits and their stays
}

type passage struct{ fact, stay uuid.UUID }

// cloud is the number of the cloud among the gates.
const cloud = 3

type event struct {
	id     uuid.UUID
	at     time.Time // truly
	gate   int
	kind   parking.Kind
	body   any
	actor  string
	steady bool // written by a run whose clock is never far off
	spoilt spoilt
}

// spoilt says how an item became unreadable.
type spoilt int

const (
	whole spoilt = iota
	noJSON
	ofAnotherID
)

func newTale(t *testing.T, gates []*cloudtest.Gate, model *naive, seed uint64) *tale {
	t.Helper()
	h := &tale{seed: seed, rng: rand.New(rand.NewPCG(seed, 3)), site: model.site, matched: map[uuid.UUID]uuid.UUID{}}
	h.contradictions()
	h.moneyContradictions()
	h.disorder(40 + h.rng.IntN(40))
	slices.SortStableFunc(h.events, func(a, b event) int { return a.at.Compare(b.at) })
	w := newWriter(h, gates)
	for _, e := range h.events {
		w.event(t, e)
	}
	w.branches(t)
	w.wrongClock(t)
	w.settle(t, model)
	return h
}

func one[T any](h *tale, of ...T) T { return of[h.rng.IntN(len(of))] }

func (h *tale) id() uuid.UUID {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(h.rng.UintN(256))
	}
	id[6], id[8] = 0x70|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}

// minutes is a span of less than n minutes.
func (h *tale) minutes(n int) time.Duration { return time.Duration(h.rng.IntN(n)) * time.Minute }

// add adds an event of the disorder.
func (h *tale) add(at time.Time, gate int, kind parking.Kind, body any) uuid.UUID {
	e := event{id: h.id(), at: at, gate: gate, kind: kind, body: body, actor: one(h, "", "lan", "minh", "ngoc")}
	h.events = append(h.events, e)
	return e.id
}

// steady adds an event whose time is known within ten minutes.
func (h *tale) steady(at time.Time, gate int, kind parking.Kind, body any) uuid.UUID {
	e := event{id: h.id(), at: at, gate: gate, kind: kind, body: body, actor: "lan", steady: true}
	h.events = append(h.events, e)
	return e.id
}

func (h *tale) all() []naiveItem {
	var out []naiveItem
	for _, r := range h.runs {
		out = append(out, r.items...)
	}
	return out
}
