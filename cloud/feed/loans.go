package feed

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// loansWithin bounds how long one word about loans is heard.
const loansWithin = 5 * time.Second

// Tell asks a gate about loans, if it is connected here. It may be lost: it is
// asked again.
func (h *Hub) Tell(id uuid.UUID, gate string, r *parking.LendRequest) {
	s := h.existing(id)
	if s == nil {
		return
	}
	text, err := json.Marshal(wire.Message{Lend: r})
	if err != nil {
		return // plain values only
	}
	for _, k := range s.list() {
		if k.peer.Gate == gate {
			k.whisper(text)
		}
	}
}

// loans hears what the gate says of loans, beside the socket: heartbeats go on
// while Postgres decides. One word at a time; the gate says again what it said
// meanwhile.
func (k *socket) loans(note *parking.LoanNote) {
	if k.hub.cfg.Loans == nil {
		return
	}
	if !k.hearing.CompareAndSwap(false, true) {
		k.hub.deafened.Add(1)
		return
	}
	k.beside.Go(func() {
		defer k.hearing.Store(false)
		ctx, cancel := context.WithTimeout(k.ctx, loansWithin)
		defer cancel()
		if err := k.hub.cfg.Loans(ctx, k.peer, k.epoch, note); err != nil && k.ctx.Err() == nil {
			k.hub.cfg.Log.Warn("a gate's word about loans was not heard", "site", k.peer.Site, "gate", k.peer.Gate, "error", err)
		}
	})
}
