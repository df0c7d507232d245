package books

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// GateState is what can be said of a gate from outside.
type GateState string

// States of a gate.
const (
	GateNew      GateState = "new"      // nobody has enrolled it
	GateAwaited  GateState = "awaited"  // a one-time code waits to be used
	GateOnline   GateState = "online"   // heard of within OfflineAfter
	GateDegraded GateState = "degraded" // online, but slow
	GateOffline  GateState = "offline"  // works alone; its facts wait there
	GateRevoked  GateState = "revoked"
)

// OfflineAfter is the silence after which a gate counts as offline. The link
// itself decides by three missed heartbeats; what is written of it in the
// database is some seconds old.
const OfflineAfter = 20 * time.Second

// SlowRTT is the round trip above which a link is degraded.
const SlowRTT = 500 * time.Millisecond

// Gate is a gate and what was last heard of it.
type Gate struct {
	Code, Name string
	At         parking.Point
	CodeUntil  *time.Time // end of the one-time code that waits
	EnrolledAt *time.Time
	RevokedAt  *time.Time
	SeenAt     *time.Time
	Version    string
	Machine    string
	RTT        *time.Duration
	Queue      int64 // facts that wait at the gate
	ClockOff   time.Duration
	HasKey     bool
	Epoch      string // of its last run, "" for none
	Seq        int64
	FactAt     *time.Time // time of its last fact
	Lanes      []parking.Lane
}

// State says how the gate stands at the moment now.
func (g Gate) State(now time.Time) GateState {
	switch {
	case g.RevokedAt != nil:
		return GateRevoked
	case !g.HasKey && g.CodeUntil != nil && g.CodeUntil.After(now):
		return GateAwaited
	case !g.HasKey:
		return GateNew
	case g.SeenAt == nil || now.Sub(*g.SeenAt) > OfflineAfter:
		return GateOffline
	case g.RTT != nil && *g.RTT > SlowRTT:
		return GateDegraded
	}
	return GateOnline
}

// Gates reads the gates of a site in the order of their codes.
func (b *Books) Gates(ctx context.Context, site uuid.UUID) ([]Gate, error) {
	rows, err := b.q.BookGates(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read gates: %w", err)
	}
	lanes, err := b.q.BookGateLanes(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read lanes: %w", err)
	}
	gates := make([]Gate, len(rows))
	for i, r := range rows {
		g := Gate{
			Code: r.Code, Name: r.Name, At: parking.Point{X: r.X, Y: r.Y},
			CodeUntil: r.CodeUntil, EnrolledAt: r.EnrolledAt, RevokedAt: r.RevokedAt, SeenAt: r.SeenAt,
			Version: r.Version, Machine: r.Machine, Queue: r.Queue, HasKey: r.HasKey,
			ClockOff: time.Duration(r.ClockMs) * time.Millisecond, Epoch: r.Epoch, Seq: r.Seq, FactAt: r.LastAt,
		}
		if r.RttMs != nil {
			rtt := time.Duration(*r.RttMs) * time.Millisecond
			g.RTT = &rtt
		}
		for _, l := range lanes {
			if l.GateCode == g.Code {
				g.Lanes = append(g.Lanes, parking.Lane{
					Gate: g.Code, Code: l.Code, Direction: parking.Direction(l.Direction), Class: parking.Class(l.Class),
				})
			}
		}
		gates[i] = g
	}
	return gates, nil
}

// Gate reads one gate; one that the site does not have is a NotFound error.
func (b *Books) Gate(ctx context.Context, site uuid.UUID, code string) (Gate, error) {
	gates, err := b.Gates(ctx, site)
	if err != nil {
		return Gate{}, err
	}
	for _, g := range gates {
		if g.Code == code {
			return g, nil
		}
	}
	return Gate{}, parking.Errorf(parking.NotFound, "The site has no such gate.")
}
