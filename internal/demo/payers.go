package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/demo/banks"
	"gatehouse/parking"
)

// bankPatience is how long a driver waits at the barrier for the bank before
// the guard looks at the telephone.
const bankPatience = 2 * time.Second

// phoneDraw is how a driver's bank will behave, drawn beforehand.
type phoneDraw struct {
	after time.Duration // from the payment until the cloud is told
	twice bool          // it is told again
	dice  [2]uint64     // of what the bank makes of the purpose
}

// drawPhone: most banks tell at once, some after the driver's patience, some
// much later.
func drawPhone(rng *rand.Rand) phoneDraw {
	p := phoneDraw{twice: rng.IntN(10) == 0, dice: [2]uint64{rng.Uint64(), rng.Uint64()}}
	switch n := rng.IntN(10); {
	case n < 7:
		p.after = time.Duration(rng.IntN(300)) * time.Millisecond
	case n < 9:
		p.after = time.Second + time.Duration(rng.IntN(3000))*time.Millisecond
	default:
		p.after = 5*time.Second + time.Duration(rng.IntN(15000))*time.Millisecond
	}
	return p
}

// payers are the banks of a simulation's drivers.
type payers struct {
	bank  *banks.Bank
	tells sync.WaitGroup
	shown atomic.Int64 // confirmed by hand

	mu      sync.Mutex
	trouble []error
	waits   []time.Duration // from the bank's word until the driver was through
	byBank  int64
}

func newPayers(site *simSite) *payers {
	bank := newBank(site.replica, site.secret)
	bank.Client = site.cloudClient()
	return &payers{bank: bank}
}

// pay transfers what a code asks for. Once the cloud has been told, the channel
// has the time.
func (p *payers) pay(ctx context.Context, code parking.VietQR, draw phoneDraw) <-chan time.Time {
	told := make(chan time.Time, 1)
	transfer := banks.Transfer{
		ID: p.bank.NewID(), Account: code.Account, Amount: code.Amount, At: time.Now(),
		Text: banks.Passed(rand.New(rand.NewPCG(draw.dice[0], draw.dice[1])), code.Memo),
	}
	// Not bounded by the traffic: a bank tells although nobody drives any more.
	ctx = context.WithoutCancel(ctx)
	p.tells.Go(func() {
		sleep(ctx, draw.after)
		ctx, cancel := context.WithTimeout(ctx, phonePatient)
		defer cancel()
		err := p.bank.Tell(ctx, transfer)
		told <- time.Now()
		if err == nil && draw.twice {
			err = p.bank.Tell(ctx, transfer)
		}
		if err != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.trouble = append(p.trouble, fmt.Errorf("a bank could not tell of its transfer: %w", err))
		}
	})
	return told
}

// opened notes that a lane has opened by itself; at is when the cloud had been
// told, zero if that is not known yet.
func (p *payers) opened(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byBank++
	wait := time.Duration(0)
	if !at.IsZero() {
		wait = time.Since(at)
	}
	p.waits = append(p.waits, wait)
}

// wait waits until every bank has told the cloud.
func (p *payers) wait(ctx context.Context, patience time.Duration) error {
	told := make(chan struct{})
	go func() { p.tells.Wait(); close(told) }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-told:
	case <-ctx.Done():
	case <-timer.C:
		return errors.New("some banks could not tell the cloud of their transfers")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.trouble...)
}

// figures puts what banks did into a result.
func (p *payers) figures(r *simResult) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.ByBank, r.ByTelephone = p.byBank, p.shown.Load()
	if len(p.waits) == 0 {
		return
	}
	slices.Sort(p.waits)
	r.BankMedian, r.Bank95 = p.waits[len(p.waits)/2].Seconds(), p.waits[len(p.waits)*95/100].Seconds()
}
