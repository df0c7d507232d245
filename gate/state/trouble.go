package state

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Codes of troubles and of the alarms that are written of them.
const (
	TroubleRolledBack    = "gate_rolled_back" // the cloud knows more of this gate than its disk
	TroubleCloned        = "gate_cloned"      // another machine is the same gate
	TroubleMachine       = "machine_changed"  // the disk stands in another machine than the one that was enrolled
	TroubleRecovered     = "recovered"        // the database was made anew from what could be read
	TroubleDamaged       = "database_damaged" // the database cannot be used
	TroubleDiskFull      = "disk_full"        // nothing can be recorded
	TroubleDiskLow       = "disk_low"         // the disk fills up; sent records will go before their time
	TroubleDiskDrops     = "disk_drops"       // sent records go before their time
	TroublePhotoRoom     = "photo_room"       // photos have little room left
	TroubleCertificate   = "certificate_date" // the cloud's certificate was taken although our clock says otherwise
	TroubleNeighbourLies = "neighbour_lies"   // another gate passes on what its gate never signed
	TroubleCloudClock    = "cloud_clock"      // the cloud's time has jumped
)

// Trouble is something at this gate that a person should see to. Nothing at
// the lanes waits for it.
type Trouble struct {
	Code string `json:"code"`
	Text string `json:"text"` // what it is and what to do, in one or two sentences
}

// Troubles lists what stands, oldest first.
func (s *State) Troubles() []Trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.troubles)
}

// SetTrouble shows a trouble; it says whether it is new.
func (s *State) SetTrouble(code, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.troubles {
		if s.troubles[i].Code == code {
			s.troubles[i].Text = text
			return false
		}
	}
	s.troubles = append(s.troubles, Trouble{Code: code, Text: text})
	s.notify()
	return true
}

// EndTrouble takes a trouble away.
func (s *State) EndTrouble(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.troubles)
	if s.troubles = slices.DeleteFunc(s.troubles, func(t Trouble) bool { return t.Code == code }); len(s.troubles) != before {
		s.notify()
	}
}

// Alarm shows a trouble and, when it is new, writes it down as a fact. What
// cannot be written is shown all the same.
func (s *State) Alarm(ctx context.Context, code, text string) {
	if !s.SetTrouble(code, text) {
		return
	}
	s.log.Warn("alarm", "code", code, "text", text)
	if _, err := s.Write(ctx, Draft{Kind: parking.KindAlarm, Body: parking.Alarm{Code: code, Text: text}}); err != nil {
		s.log.Warn("the alarm could not be written", "code", code, "err", err)
	}
}

// tellOfStart writes what a start finds: openings that were noted beside the
// database, a recovery, another machine.
func (s *State) tellOfStart(ctx context.Context, machine string) error {
	s.importByHand(ctx)
	if err := s.tellRecovered(ctx); err != nil {
		return err
	}
	known, err := s.store.Setting(ctx, store.SettingMachine)
	switch {
	case err != nil:
		return err
	case known == "":
		return s.store.SetSetting(ctx, store.SettingMachine, machine)
	case known != machine:
		s.Alarm(ctx, TroubleMachine,
			"This disk stands in another machine than the one that was enrolled as this gate. The lanes work. If the machine was replaced, ask the administrator for a new code and run gate enrol --again.")
	}
	return nil
}

func (s *State) tellRecovered(ctx context.Context) error {
	word, err := s.store.Setting(ctx, store.SettingRecovered)
	if err != nil || word == "" {
		return err
	}
	var r store.Recovered
	if err := json.Unmarshal([]byte(word), &r); err != nil {
		s.log.Warn("what was recovered cannot be read", "err", err)
	}
	s.Alarm(ctx, TroubleRecovered, fmt.Sprintf(
		"The database of this gate was damaged and made anew: %d records were saved, %d between them could not be read. Compare the vehicles inside with the list.", r.Facts, r.Missing))
	return s.tx(ctx, func(q *gatesql.Queries) error { return q.DeleteSetting(ctx, store.SettingRecovered) })
}
