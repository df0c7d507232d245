package cloud_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
)

// Sixteen challenges are kept per gate. A stranger who knows the site's id asks
// for forty while the gate holds its own, and does not push it out; another gate
// at the same address is not made to wait.
func TestChallengesAreNotPushedOut(t *testing.T) {
	t.Parallel()
	for name, redis := range map[string]string{"in Redis": privatetest.Redis(t), "without Redis": ""} {
		c := new(clock)
		s := cloudtest.NewSite(t, c.now)
		r := start(t, s, redis, c, 0)
		n, south := s.Enrol(t, "N"), s.Enrol(t, "S")
		// The gate has an address of its own: it asks within the process.
		own, err := r.Auth.Challenge(t.Context(), challengeOf(n))
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var granted, slowed atomic.Int32
		for range 40 {
			all.Go(func() {
				switch a := r.json(t, "POST", "/api/v1/gates/challenge", "", challengeOf(n)); a.status {
				case http.StatusOK:
					granted.Add(1)
				case http.StatusTooManyRequests:
					slowed.Add(1)
				default:
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
			})
		}
		all.Wait()
		if granted.Load() < 6 || granted.Load() > 10 { // the free ones, and one after each wait
			t.Errorf("%s: %d granted, %d slowed", name, granted.Load(), slowed.Load())
		}
		if a := r.json(t, "POST", "/api/v1/gates/challenge", "", challengeOf(south)); a.status != http.StatusOK {
			t.Errorf("%s: the other gate: %d %s", name, a.status, a.body)
		}
		if a := r.json(t, "POST", "/api/v1/gates/token", "", signed(n, own.Challenge)); a.status != http.StatusOK {
			t.Errorf("%s: the gate's own challenge: %d %s", name, a.status, a.body)
		}
		// The signature spoke for the address: nobody waits there any more.
		if a := r.json(t, "POST", "/api/v1/gates/challenge", "", challengeOf(n)); a.status != http.StatusOK {
			t.Errorf("%s: after the token: %d %s", name, a.status, a.body)
		}
	}
}

// After the free challenges one is granted each time that the wait is over.
func TestChallengesAreSlowedNotStopped(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	n := s.Enrol(t, "N")
	ask := func() int { return r.json(t, "POST", "/api/v1/gates/challenge", "", challengeOf(n)).status }
	for ask() == http.StatusOK {
	}
	c.forward(time.Minute)
	if status := ask(); status != http.StatusOK {
		t.Errorf("after a minute: %d", status)
	}
	if status := ask(); status != http.StatusTooManyRequests {
		t.Errorf("at once: %d", status)
	}
}

// Somebody outside guesses lan's password until the public sign-in makes them
// wait: at the gate, lan signs in as ever. Guesses at that gate count there.
func TestGuessesOutsideDoNotSlowAGate(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, privatetest.Redis(t), c, 0)
	north, south := r.token(t, s.Enrol(t, "N")), r.token(t, s.Enrol(t, "S"))
	outside := func() int {
		return r.json(t, "POST", "/api/v1/login", "", map[string]string{"site": s.Code, "name": "lan", "password": "a guess"}).status
	}
	for outside() != http.StatusTooManyRequests {
	}
	at := func(gate, password string) int {
		return r.json(t, "POST", "/api/v1/gate/sign-in", gate, wire.SignInRequest{Name: "Lan ", Password: password}).status
	}
	if status := at(north, s.People["lan"].Password); status != http.StatusOK {
		t.Errorf("lan at the gate: %d", status)
	}
	for at(north, "a guess") != http.StatusTooManyRequests {
	}
	if status := at(south, s.People["lan"].Password); status != http.StatusOK {
		t.Errorf("lan at another gate: %d", status)
	}
}
