package state

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gatehouse/parking"
)

// Codes of the troubles and alarms about lanes of another gate.
const (
	AlarmLanesTaken    = "lanes_taken"      // this gate has taken over lanes of another
	AlarmLanesGiven    = "lanes_given_back" // it runs them no more
	TroubleLanesShared = "lanes_shared"     // whose lanes they are is heard again
	TroubleLanesRun    = "lanes_run"        // another gate runs lanes of this one
	TroubleLanesClosed = "lanes_closed"     // what stands at lanes that were taken over cannot be opened
)

// Taken are lanes of another gate that this one runs: that one's machine is dead.
// What happens there are this gate's facts.
type Taken struct {
	Gate    string    `json:"gate"`  // whose they are
	Lanes   []string  `json:"lanes"` // by that gate's codes
	Devices Devices   `json:"devices"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
}

// Names are the lanes as this gate names them: "N/1".
func (t *Taken) Names() []string {
	out := make([]string, 0, len(t.Lanes))
	for _, code := range t.Lanes {
		out = append(out, parking.LaneOf(t.Gate, code))
	}
	return out
}

// settingTaken holds which lanes of other gates this one runs.
const settingTaken = "taken_lanes"

func (s *State) loadTaken(ctx context.Context) ([]Taken, error) {
	raw, err := s.store.Setting(ctx, settingTaken)
	if err != nil || raw == "" {
		return nil, err
	}
	var out []Taken
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		s.log.Warn("which lanes were taken over cannot be read", "err", err)
		return nil, nil
	}
	return out, nil
}

// Taken lists the lanes of other gates that this one runs, by gate. Nobody writes
// to it.
func (s *State) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// TakeLanes makes this gate run lanes of another from now on, and writes down who
// did it: in one transaction, so that a start shows what the fact says. What it
// had of that gate before is replaced.
func (s *State) TakeLanes(ctx context.Context, t Taken, text string) error {
	list := slices.DeleteFunc(slices.Clone(s.Taken()), func(o Taken) bool { return o.Gate == t.Gate })
	list = append(list, t)
	slices.SortFunc(list, func(a, b Taken) int { return cmp.Compare(a.Gate, b.Gate) })
	return s.keepTaken(ctx, list, Draft{Kind: parking.KindAlarm, Actor: t.By, Body: parking.Alarm{Code: AlarmLanesTaken, Text: text}})
}

// GiveLanes makes this gate run the lanes of another no more.
func (s *State) GiveLanes(ctx context.Context, gate, actor, text string) error {
	list := slices.DeleteFunc(slices.Clone(s.Taken()), func(o Taken) bool { return o.Gate == gate })
	return s.keepTaken(ctx, list, Draft{Kind: parking.KindAlarm, Actor: actor, Body: parking.Alarm{Code: AlarmLanesGiven, Text: text}})
}

func (s *State) keepTaken(ctx context.Context, list []Taken, fact Draft) error {
	raw, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode the lanes that were taken over: %w", err)
	}
	fact.keep = map[string]string{settingTaken: string(raw)}
	facts, err := s.Write(context.WithoutCancel(ctx), fact)
	switch {
	case err != nil:
		return err
	case len(facts) == 0: // noted beside a database that takes nothing
		return parking.Errorf(parking.Unavailable, "The disk of this gate takes nothing now; the lanes stay as they are.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = list
	s.publish()
	return nil
}
