package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/demo/ledger"
	"gatehouse/parking"
)

const (
	// laneQueue bounds the drivers who wait at one lane; whoever finds more
	// drives on.
	laneQueue = 200
	// againEvery is between two tries at a gate that does not answer.
	againEvery = 50 * time.Millisecond
	// unknownPatience is how long a driver waits at a gate that has not heard
	// of their entry before they turn to the one where they came in.
	unknownPatience = 500 * time.Millisecond
	// maxRefusals is after how many refusals a driver gives up.
	maxRefusals = 20
	// maxFees is how often a driver is told another fee before they give up.
	maxFees = 3
	// longestStay bounds how long a driver stays, in average stays.
	longestStay = 5
)

// visitor is one driver with everything that they will do, drawn beforehand so
// that a seed gives the same drivers whatever goes wrong around them.
type visitor struct {
	stay, exitID uuid.UUID
	plate        parking.Plate
	class        parking.Class
	token        string
	in, out      *simGate
	inside       time.Duration
	remains      bool // does not leave
	transfer     bool // pays by VietQR
	phone        phoneDraw
	cutIn        bool // came in while no gate reached the cloud
	note         parking.Money
}

// traffic are the drivers of a simulation and the guards who serve them.
type traffic struct {
	site   *simSite
	ledger *ledger.Ledger
	seed   uint64
	rate   float64 // drivers a second
	stay   time.Duration
	remain int // percent
	lanes  map[*simGate]*lanes

	payers                   *payers
	silentBanks              bool           // no bank tells the cloud
	under                    sync.WaitGroup // drivers under way
	droveOn, turned, refused atomic.Int64
	// Exits while no gate reaches the cloud: at another gate than the entry, of
	// entries in the same cut, and those whose gate had not heard of them.
	cutOut, cutBoth, cutTurned atomic.Int64
	mu                         sync.Mutex
	reasons                    map[string]int // of refusals
}

// lanes are the drivers who wait at one gate.
type lanes struct{ in, out chan *visitor }

func newTraffic(c *simCommand, site *simSite) *traffic {
	t := &traffic{
		site: site, ledger: ledger.New(), seed: c.Seed, rate: c.Rate, stay: c.Stay, remain: c.Remain,
		lanes: map[*simGate]*lanes{}, reasons: map[string]int{}, payers: newPayers(site),
	}
	for _, g := range site.gates {
		t.lanes[g] = &lanes{make(chan *visitor, laneQueue), make(chan *visitor, laneQueue)}
	}
	return t
}

// draw makes driver n.
func (t *traffic) draw(n int) *visitor {
	rng := rand.New(rand.NewPCG(t.seed, 1000+uint64(n)))
	gates := t.site.gates
	v := &visitor{
		in: gates[rng.IntN(len(gates))], out: gates[rng.IntN(len(gates))],
		inside:  min(longestStay*t.stay, time.Duration(rng.ExpFloat64()*float64(t.stay))),
		remains: rng.IntN(100) < t.remain, transfer: rng.IntN(10) < 3,
		note: []parking.Money{10_000, 20_000, 50_000, 100_000, 500_000}[rng.IntN(5)],
	}
	v.stay, v.exitID = drawID(rng), drawID(rng)
	v.phone = drawPhone(rng)
	// The number makes plates and cards unique: whatever comes twice came from
	// somewhere else.
	province, letter := provinces[rng.IntN(len(provinces))], 'A'+rune(n/100_000%8)
	if rng.IntN(5) < 2 {
		v.class, v.token = parking.Motorbike, fmt.Sprintf("CARD-%06d", n)
		v.plate = parking.Plate(fmt.Sprintf("%s%c%d%05d", province, letter, 1+rng.IntN(9), n%100_000))
	} else {
		v.class, v.plate = parking.Car, parking.Plate(fmt.Sprintf("%s%c%05d", province, letter, n%100_000))
	}
	return v
}

// drawID is an id of version 7 for now, its random part from the seed.
func drawID(rng *rand.Rand) uuid.UUID {
	var id uuid.UUID
	ms := time.Now().UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	for i := 6; i < 16; i++ {
		id[i] = byte(rng.IntN(256))
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// drive lets drivers come until there were as many as limit (0: no limit) or
// coming ends, calls last, and returns when the last who means to leave has
// left. It is bounded by ctx.
func (t *traffic) drive(ctx, coming context.Context, last func(), limit int) error {
	serving, shut := context.WithCancel(ctx)
	var guards sync.WaitGroup
	for g, l := range t.lanes {
		guards.Go(func() { t.serve(serving, g, l.in, t.enter) })
		guards.Go(func() { t.serve(serving, g, l.out, t.leave) })
	}
	guards.Go(func() {
		for {
			select {
			case <-serving.Done():
				return
			case twin := <-t.site.twins: // drivers of the gate come to either machine
				guards.Go(func() { t.serve(serving, twin, t.lanes[twin.of].in, t.enter) })
				guards.Go(func() { t.serve(serving, twin, t.lanes[twin.of].out, t.leave) })
			}
		}
	})
	rng := rand.New(rand.NewPCG(t.seed, 1))
	for n := 0; limit == 0 || n < limit; n++ {
		if !sleep(coming, time.Duration(rng.ExpFloat64()/t.rate*float64(time.Second))) {
			break
		}
		t.under.Add(1)
		v := t.draw(n)
		t.queue(v, t.lanes[v.in].in)
	}
	last()
	gone := make(chan struct{})
	go func() { t.under.Wait(); close(gone) }()
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		err = ctx.Err()
	}
	shut()
	guards.Wait()
	return err
}

// queue brings a driver to a lane, or lets them drive on when it is full.
func (t *traffic) queue(v *visitor, lane chan *visitor) {
	select {
	case lane <- v:
	default:
		t.droveOn.Add(1)
		t.under.Done()
	}
}

// serve lets the drivers of one lane through, one after the other.
func (t *traffic) serve(ctx context.Context, g *simGate, lane <-chan *visitor, act func(context.Context, *simGate, *visitor)) {
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-lane:
			act(ctx, g, v)
		}
	}
}

// try does one act at a gate until it is done, also over the gate's death: an
// act with an id has one effect. A refusal that another try may overcome is
// tried again; the error is the one that no other try would change, or ctx's.
func (t *traffic) try(ctx context.Context, g *simGate, act func(api *gateAPI) error) error {
	for refusals := 0; ctx.Err() == nil; {
		api := g.api.Load()
		if api == nil {
			sleep(ctx, againEvery)
			continue
		}
		err := act(api)
		no, isRefusal := errors.AsType[*refusal](err)
		switch {
		case err == nil:
			return nil
		case isRefusal && (no.status == http.StatusNotFound || no.status == http.StatusBadRequest):
			return err
		case isRefusal && no.status != http.StatusServiceUnavailable:
			if refusals++; refusals >= maxRefusals {
				return err
			}
		}
		sleep(ctx, againEvery)
	}
	return ctx.Err()
}

func (t *traffic) giveUp(v *visitor, err error) {
	t.refused.Add(1)
	t.mu.Lock()
	t.reasons[err.Error()]++
	t.mu.Unlock()
	t.ledger.Gone(v.stay)
	t.under.Done()
}

// enter is one driver at an IN lane.
func (t *traffic) enter(ctx context.Context, g *simGate, v *visitor) {
	from := time.Now()
	t.ledger.Waits(v.stay, fmt.Sprintf("%s in at gate %s", v.plate, g.code))
	var done passage
	err := t.try(ctx, g, func(api *gateAPI) (err error) {
		done, err = api.enter(ctx, inRequest{ID: v.stay, Lane: "1", Plate: v.plate, Class: v.class, Token: v.token, Actor: g.guard})
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			t.giveUp(v, err)
		}
		return
	}
	t.ledger.CameIn(ledger.Visit{
		Stay: v.stay, Plate: v.plate, Class: v.class, Token: v.token, InGate: g.code, Slot: done.Slot,
		In: ledger.Span{From: from, To: time.Now()},
	})
	v.cutIn = t.site.isCut()
	if v.remains {
		t.under.Done()
		return
	}
	time.AfterFunc(v.inside, func() { t.queue(v, t.lanes[v.out].out) })
}

// leave is one driver at an OUT lane.
func (t *traffic) leave(ctx context.Context, g *simGate, v *visitor) {
	from, cut := time.Now(), t.site.isCut()
	var due parking.Money
	for {
		var err error
		if due, err = t.fee(ctx, g, v); err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		if no, is := errors.AsType[*refusal](err); !is || no.status != http.StatusNotFound {
			t.giveUp(v, err)
			return
		}
		if g.code != v.in.code && time.Since(from) > unknownPatience {
			// The guard here has not heard of the entry; the one there has.
			t.turned.Add(1)
			if cut && t.site.isCut() {
				t.cutTurned.Add(1)
			}
			v.out = v.in
			t.queue(v, t.lanes[v.in].out)
			return
		}
		sleep(ctx, againEvery)
	}
	t.ledger.Waits(v.stay, fmt.Sprintf("%s out at gate %s", v.plate, g.code))
	method, handed, err := t.pay(ctx, g, v, due)
	if err != nil {
		if handed > 0 { // the bank has it, and will say so
			t.ledger.PaidInside(v.stay, method, handed)
		}
		if ctx.Err() == nil {
			t.giveUp(v, err)
		}
		return
	}
	if cut && g.code != v.in.code && t.site.isCut() {
		t.cutOut.Add(1)
		if v.cutIn {
			t.cutBoth.Add(1)
		}
	}
	t.ledger.WentOut(v.stay, g.code, ledger.Span{From: from, To: time.Now()}, method, handed)
	t.under.Done()
}

func (t *traffic) fee(ctx context.Context, g *simGate, v *visitor) (due parking.Money, err error) {
	err = t.try(ctx, g, func(api *gateAPI) (err error) { due, err = api.fee(ctx, v.stay); return err })
	return due, err
}

// pay hands over what is due, once, and says what it was by the driver's own
// count: the note less the change, or what the VietQR asked for; this also with
// an error, when the money had gone before it.
func (t *traffic) pay(ctx context.Context, g *simGate, v *visitor, due parking.Money) (parking.Method, parking.Money, error) {
	request := outRequest{ID: v.exitID, Lane: "2", Stay: v.stay, Token: v.token, Method: parking.Cash, Actor: g.guard}
	var done outAnswer
	exit := func(api *gateAPI) (err error) { done, err = api.exit(ctx, request); return err }
	if !v.transfer || due == 0 {
		for asked := 1; ; asked++ {
			request.Tendered = (due + v.note - 1) / v.note * v.note
			err := t.try(ctx, g, exit)
			if err == nil {
				break
			}
			// The next block may have begun since the guard named the fee.
			no, is := errors.AsType[*refusal](err)
			if !is || no.status != http.StatusBadRequest || asked == maxFees {
				return "", 0, err
			}
			if due, err = t.fee(ctx, g, v); err != nil {
				return "", 0, err
			}
		}
		if len(done.Payments) == 0 {
			return parking.Cash, 0, nil // nothing was due after all, and the note came back
		}
		return parking.Cash, request.Tendered - done.Change, nil
	}
	request.Method = parking.QR
	if err := t.try(ctx, g, exit); err != nil {
		return "", 0, err
	}
	if !done.Paying {
		return parking.Manual, 0, nil
	}
	code, err := parking.DecodeVietQR(done.QR)
	if err != nil {
		return "", 0, fmt.Errorf("the VietQR cannot be read: %w", err)
	}
	if !t.silentBanks {
		told := t.payers.pay(ctx, code, v.phone)
		if err := t.byBank(ctx, g, exit, &done, told); err != nil {
			return parking.QR, code.Amount, err
		}
	}
	if !done.Paying {
		return parking.QR, code.Amount, nil
	}
	paidAt := time.Now()
	request.Method, request.PayerBank, request.PaidAt = parking.Manual, "Vietcombank", &paidAt
	if err := t.try(ctx, g, exit); err != nil {
		if t.silentBanks {
			return "", 0, err
		}
		return parking.QR, code.Amount, err
	}
	t.payers.shown.Add(1)
	return parking.Manual, code.Amount, nil
}

// byBank waits until the lane has opened by itself because the bank has told of
// the money, or the driver's patience ends: then the guard looks at the
// telephone.
func (t *traffic) byBank(ctx context.Context, g *simGate, exit func(*gateAPI) error, done *outAnswer, told <-chan time.Time) error {
	patience := time.Now().Add(bankPatience)
	var at time.Time
	for time.Now().Before(patience) && sleep(ctx, againEvery/5) {
		select {
		case at = <-told:
		default:
		}
		if err := t.try(ctx, g, exit); err != nil {
			return err
		}
		if !done.Paying {
			t.payers.opened(at)
			return nil
		}
	}
	return ctx.Err()
}

// sleep waits for d; false when ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
