package lanetest

import (
	"context"
	"sync"

	"gatehouse/gate/device"
	"gatehouse/parking"
)

// Facts are the facts that the gate has written in this run and that wait to
// be sent, oldest first.
func (b *Bench) Facts() []parking.Fact {
	b.T.Helper()
	run, err := b.State.NextRun(b.T.Context())
	if err != nil {
		b.T.Fatal(err)
	}
	out := make([]parking.Fact, 0, len(run.Items))
	for _, item := range run.Items {
		f, err := parking.DecodeFact(item.Encoded)
		if err != nil {
			b.T.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// FactsOf are those of one kind.
func (b *Bench) FactsOf(kind parking.Kind) []parking.Fact {
	b.T.Helper()
	var out []parking.Fact
	for _, f := range b.Facts() {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

// Says decodes the body of a fact.
func Says[T any](b *Bench, f parking.Fact) T {
	b.T.Helper()
	body, err := parking.DecodeBody(f)
	if err != nil {
		b.T.Fatal(err)
	}
	says, ok := body.(*T)
	if !ok {
		b.T.Fatalf("the fact is a %s", f.Kind)
	}
	return *says
}

// ReadCards lets a lane's reader bring its taps until the function that it
// returns is called.
func (b *Bench) ReadCards(code string, reader device.Reader) (stop func()) {
	b.T.Helper()
	ctx, cancel := context.WithCancel(b.T.Context())
	ended := make(chan struct{})
	desk := b.Desk
	go func() {
		defer close(ended)
		desk.ReadCards(ctx, code, reader)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	b.T.Cleanup(stop)
	return stop
}
