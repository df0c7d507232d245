package uplink

import (
	"testing"
	"time"
)

const second = time.Second

func TestTheStateOfALink(t *testing.T) {
	t.Parallel()
	m := newMachine(2 * second)
	want := func(now time.Duration, state LinkState, cause Cause) {
		t.Helper()
		m.update(now)
		if c, why := m.why(); m.state != state || c != cause || (why == "") != (state == Online) {
			t.Fatalf("at %s: %s because of %q (%s), want %s because of %q", now, m.state, c, why, state, cause)
		}
	}
	want(0, Offline, NotYet)
	m.echo(0, 0) // an echo without a socket is none
	want(0, Offline, NotYet)
	m.welcome(1*second, false)
	want(1*second, Offline, NotYet) // not before a heartbeat of ours came back
	m.echo(2*second, 20*time.Millisecond)
	want(2*second, Online, NoCause)
	m.echo(4*second, 501*time.Millisecond)
	want(4*second, Degraded, Slow)
	m.echo(6*second, 20*time.Millisecond)
	want(6*second, Degraded, Slow) // hysteresis
	want(13*second, Degraded, Slow)
	want(14*second, Online, NoCause)
	m.noRedis = true
	want(15*second, Degraded, NoRedis)
	m.noRedis, m.photoLate = false, true
	want(16*second, Degraded, PhotosLate)
	m.refused, m.refusedAs = FactsRefused, "No."
	want(17*second, Degraded, FactsRefused)
	if m.silent(12*second) || !m.silent(12*second+1) {
		t.Fatal("three heartbeats are missed after six seconds")
	}
	m.gone(Unreachable, "The cloud cannot be reached.")
	want(18*second, Offline, Unreachable)
	if m.silent(100 * second) {
		t.Fatal("no socket, no silence")
	}
	m.refused, m.photoLate = NoCause, false
	m.welcome(20*second, true)
	m.echo(21*second, time.Millisecond)
	want(21*second, Degraded, NoRedis)
	for range 200 {
		m.echo(22*second, time.Millisecond)
	}
	if len(m.rtts) != keptRTTs {
		t.Fatalf("%d round trips are kept", len(m.rtts))
	}
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	b := backoff{base: 200 * time.Millisecond, limit: 30 * second}
	for i := range 100 {
		bound := 30 * second
		if i < 8 {
			bound = min(bound, 200*time.Millisecond<<i)
		}
		if d := b.next(); d <= 0 || d > bound {
			t.Fatalf("wait %d is %s, bound %s", i, d, bound)
		}
	}
	b.reset()
	if d := b.next(); d > 200*time.Millisecond {
		t.Fatalf("after a reset: %s", d)
	}
}
