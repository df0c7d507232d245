package state

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Messages are those that a gate's guards have to read at a time, whether they
// have or not: the newest first.
func (l *Lists) Messages(gate string, at time.Time) []parking.MessageVersion {
	var out []parking.MessageVersion
	for _, versions := range l.messages {
		if v := messageNow(versions, at); v != nil && v.Holds(at) && v.ForGate(gate) {
			out = append(out, *v)
		}
	}
	slices.SortFunc(out, func(a, b parking.MessageVersion) int {
		return cmp.Or(b.From.Compare(a.From), cmp.Compare(b.Message.String(), a.Message.String()))
	})
	return out
}

// messageNow is what the versions of a message, in the order in which they hold,
// say at a time; nil for nothing yet.
func messageNow(versions []parking.MessageVersion, at time.Time) *parking.MessageVersion {
	for i := len(versions) - 1; i >= 0; i-- {
		if !versions[i].From.After(at) {
			return &versions[i]
		}
	}
	return nil
}

// Messages are those that the guards of this gate have to read and have not, the
// newest first.
func (s *State) Messages() []parking.MessageVersion {
	out := s.Site().Lists.Messages(s.gate, s.clock.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(out, func(v parking.MessageVersion) bool { return s.read[v.Message] })
}

// MessageRead says whether a message was read at this gate.
func (s *State) MessageRead(id uuid.UUID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read[id]
}

// insertMessageRead keeps that a message was read here, with the fact that says so.
func insertMessageRead(ctx context.Context, q *gatesql.Queries, w *written) error {
	b, ok := w.body.(*parking.MessageRead)
	if !ok {
		return nil
	}
	p := gatesql.AddMessageReadParams{Message: b.Message.String(), AtMs: w.fact.At.UnixMilli()}
	if err := q.AddMessageRead(ctx, p); err != nil {
		return fmt.Errorf("keep that a message was read: %w", err)
	}
	return nil
}

// tookMessageRead brings memory to where the disk is; mu is held.
func (s *State) tookMessageRead(body any) {
	if b, ok := body.(*parking.MessageRead); ok {
		s.read[b.Message] = true
	}
}

func loadMessagesRead(ctx context.Context, q *gatesql.Queries) (map[uuid.UUID]bool, error) {
	rows, err := q.MessagesRead(ctx)
	if err != nil {
		return nil, diskError("read which messages were read", err)
	}
	read := map[uuid.UUID]bool{}
	for _, text := range rows {
		if id, err := uuid.Parse(text); err == nil { // else it hides nothing, and is asked for once more
			read[id] = true
		}
	}
	return read, nil
}

// loadMessages reads the messages that were not withdrawn: some dozens a year.
func (l *Lists) loadMessages(ctx context.Context, q *gatesql.Queries, now time.Time) error {
	rows, err := q.ListVersionsOf(ctx, string(parking.KindMessage))
	if err != nil {
		return diskError("read the messages", err)
	}
	for _, row := range rows {
		var v parking.MessageVersion
		if err := json.Unmarshal([]byte(row.Document), &v); err != nil {
			return fmt.Errorf("read a message: %w", err)
		}
		l.messages[v.Message] = append(l.messages[v.Message], v)
	}
	for id, versions := range l.messages {
		if v := messageNow(versions, now); v != nil && v.Withdrawn {
			delete(l.messages, id)
		}
	}
	return nil
}
