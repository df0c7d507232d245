package uplink

import (
	"fmt"
	"slices"
	"time"
)

// LinkState says whether the cloud can be reached.
type LinkState string

// States of the link: online only while our own heartbeats come back;
// degraded when the round trip is above 500 ms, Redis is gone, photos are
// late or the cloud refuses our facts; offline when three heartbeats are
// missed or the socket is gone.
const (
	Online   LinkState = "online"
	Degraded LinkState = "degraded"
	Offline  LinkState = "offline"
)

// Cause is why a link is not online, for programs; Link.Why says it in words.
type Cause string

// Causes.
const (
	NoCause       Cause = ""
	NotYet        Cause = "not_yet"        // the gate has just been started
	Unreachable   Cause = "unreachable"    // no connection, or no answer in time
	LoginPage     Cause = "login_page"     // something answers, but it is not our cloud
	Certificate   Cause = "certificate"    // what answers does not prove to be our cloud
	CloudError    Cause = "cloud_error"    // the cloud answers with an error
	NotAccepted   Cause = "not_accepted"   // the cloud does not accept this gate
	FactsRefused  Cause = "facts_refused"  // the cloud refuses a whole batch
	Slow          Cause = "slow"           // the round trip is above 500 ms
	NoRedis       Cause = "no_redis"       // the cloud cannot hold slots
	PhotosLate    Cause = "photos_late"    // photos wait for more than five minutes
	NewerProtocol Cause = "newer_protocol" // gate and cloud do not speak the same version
)

// Link is the state of the link at one moment.
type Link struct {
	State    LinkState
	Since    time.Time // business time
	RTT      time.Duration
	RTTs     []int // the last round trips in milliseconds, oldest first
	Queue    int64 // facts waiting
	Oldest   time.Time
	LastSync time.Time // when the cloud's state was last known to be complete here; zero for never
	Cause    Cause
	Why      string // a sentence while not online
	Redis    bool
}

const (
	slowRTT     = 500 * time.Millisecond
	photosLate  = 5 * time.Minute
	hysteresis  = 10 * time.Second
	keptRTTs    = 60
	missedBeats = 3
)

// machine decides the state of the link. Times are passed in and come from a
// monotonic clock; it does nothing by itself.
type machine struct {
	beat time.Duration

	connected bool
	lastEcho  time.Duration // mono
	rtt       time.Duration
	rtts      []int
	noRedis   bool
	photoLate bool
	refused   Cause // why facts could not be sent, NoCause when they could
	refusedAs string
	lost      Cause
	lostWhy   string

	state      LinkState
	troubledAt time.Duration // when something was last wrong, for the hysteresis
}

func newMachine(beat time.Duration) *machine {
	return &machine{beat: beat, state: Offline, lost: NotYet, lostWhy: "The cloud has not answered yet."}
}

// welcome is a socket on which the cloud has said welcome.
func (m *machine) welcome(now time.Duration, degraded bool) {
	m.connected, m.lastEcho, m.noRedis = true, now, degraded
	m.rtt = 0
}

// echo is one of our heartbeats that came back.
func (m *machine) echo(now, rtt time.Duration) {
	if !m.connected {
		return
	}
	m.lastEcho, m.rtt = now, rtt
	m.rtts = append(m.rtts, int(rtt.Milliseconds()))
	if n := len(m.rtts) - keptRTTs; n > 0 {
		m.rtts = slices.Delete(m.rtts, 0, n)
	}
	if m.state == Offline {
		m.state, m.troubledAt = Online, now-hysteresis
	}
}

// gone is a socket that ended or never came to be.
func (m *machine) gone(cause Cause, why string) {
	m.connected, m.state, m.lost, m.lostWhy = false, Offline, cause, why
}

// silent says whether three heartbeats in a row have not come back.
func (m *machine) silent(now time.Duration) bool {
	return m.connected && now-m.lastEcho > missedBeats*m.beat
}

// update decides the state for the moment now.
func (m *machine) update(now time.Duration) {
	if m.state == Offline {
		return
	}
	if cause, _ := m.trouble(); cause != NoCause {
		m.state, m.troubledAt = Degraded, now
		return
	}
	if now-m.troubledAt >= hysteresis {
		m.state = Online
	}
}

func (m *machine) trouble() (Cause, string) {
	switch {
	case m.refused != NoCause:
		return m.refused, m.refusedAs
	case m.rtt > slowRTT:
		return Slow, fmt.Sprintf("The cloud answers slowly: %d ms.", m.rtt.Milliseconds())
	case m.noRedis:
		return NoRedis, "The cloud works without Redis: slots cannot be held for this gate."
	case m.photoLate:
		return PhotosLate, "Photos wait for more than five minutes."
	}
	return NoCause, ""
}

// why is the cause of the present state.
func (m *machine) why() (Cause, string) {
	switch m.state {
	case Online:
		return NoCause, ""
	case Offline:
		return m.lost, m.lostWhy
	case Degraded:
		if cause, why := m.trouble(); cause != NoCause {
			return cause, why
		}
		return Slow, "The link has just recovered."
	}
	return NoCause, ""
}
