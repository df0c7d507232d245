package state

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// noteBeside writes openings by hand, and what came of them, beside a database
// that did not take them: they happen whether or not the database is well. It
// says whether the disk has them.
func (s *State) noteBeside(drafts []Draft) bool {
	if !mayUseReserve(drafts) {
		return false
	}
	now := s.clock.Now()
	if len(drafts) == 0 {
		return false
	}
	notes := make([]store.ByHand, 0, len(drafts))
	for _, d := range drafts {
		body, err := json.Marshal(d.Body)
		if err != nil || d.ID != uuid.Nil { // it is noted already
			return false
		}
		if o := new(parking.BarrierOpened); d.Kind == parking.KindBarrierOpened && (json.Unmarshal(body, o) != nil || o.Cause != "by_hand") {
			return false
		}
		id, err := uuid.NewV7()
		if err != nil {
			return false
		}
		notes = append(notes, store.ByHand{ID: id, At: now, Kind: d.Kind, Actor: d.Actor, Body: body})
	}
	if err := s.store.NoteByHand(notes...); err != nil {
		s.log.Error("an opening by hand could not be noted beside the database either", "err", err)
		return false
	}
	s.log.Warn("noted beside the database, which does not take it", "kind", drafts[0].Kind)
	s.noted.Store(true)
	return true
}

// importByHand makes facts of what was noted beside the database, each once.
func (s *State) importByHand(ctx context.Context) {
	notes, err := s.store.ByHandNotes()
	if err != nil {
		s.log.Warn("what was noted beside the database cannot be read", "err", err)
		return
	}
	for _, n := range notes {
		if err := s.importNote(ctx, n); err != nil {
			s.log.Warn("a note beside the database is not a record yet", "id", n.ID, "err", err)
			if parking.ErrorCode(err) != parking.Invalid {
				s.noted.Store(true)
				return // the disk: another time
			}
		}
	}
	if len(notes) == 0 {
		return
	}
	if err := s.store.ClearByHand(); err != nil {
		s.log.Warn("the notes beside the database stay", "err", err)
		return
	}
}

// importNote writes one note as a fact. It happened before; a fact's time
// never goes back, so that the text says when.
func (s *State) importNote(ctx context.Context, n store.ByHand) error {
	known, err := s.store.Read().FactKnown(ctx, n.ID.String())
	if err != nil {
		return s.diskError("look for a record", err)
	}
	if known > 0 {
		return nil
	}
	body, err := parking.DecodeBody(parking.Fact{Kind: n.Kind, Actor: n.Actor, Body: n.Body})
	if err != nil {
		return err
	}
	when := fmt.Sprintf(" (noted beside the database at %s)", n.At.UTC().Format("2006-01-02 15:04:05 MST"))
	switch b := body.(type) {
	case *parking.BarrierOpened:
		b.Reason += when
	case *parking.BarrierFailed:
		b.Reason += when
	case *parking.Alarm:
		b.Text += when
	}
	_, err = s.Write(ctx, Draft{Kind: n.Kind, Actor: n.Actor, Body: body, ID: n.ID})
	return err
}

// foundDamaged shows and notes once that the database cannot be used.
func (s *State) foundDamaged() {
	s.damaged.Store(true)
	const text = "The database of this gate is damaged; nothing is recorded and no barrier opens by itself. Stop the gate and run gate recover."
	if !s.SetTrouble(TroubleDamaged, text) {
		return
	}
	s.log.Error("alarm", "code", TroubleDamaged)
	s.noteBeside([]Draft{{Kind: parking.KindAlarm, Body: parking.Alarm{Code: TroubleDamaged, Text: text}}})
}

// foundFull shows that the disk is full.
func (s *State) foundFull() {
	if !s.fullSince.CompareAndSwap(0, s.clock.Now().UnixMilli()) {
		return
	}
	s.log.Error("alarm", "code", TroubleDiskFull)
	s.SetTrouble(TroubleDiskFull, "The disk of this gate is full: nothing is recorded and no barrier opens by itself. Free some space; the gate goes on by itself.")
}

// wroteAgain brings up what had to wait for the disk: notes that were made
// beside the database, and the alarm of a disk that was full.
func (s *State) wroteAgain(ctx context.Context) {
	if since := s.fullSince.Swap(0); since != 0 {
		s.EndTrouble(TroubleDiskFull)
		text := fmt.Sprintf("The disk of this gate was full since %s; records are kept again.", time.UnixMilli(since).UTC().Format("2006-01-02 15:04:05 MST"))
		if _, err := s.Write(ctx, Draft{Kind: parking.KindAlarm, Body: parking.Alarm{Code: TroubleDiskFull, Text: text}}); err != nil {
			s.log.Warn("the alarm could not be written", "code", TroubleDiskFull, "err", err)
		}
	}
	if s.noted.CompareAndSwap(true, false) {
		s.importByHand(ctx)
	}
}

// tx is a transaction of the store that notices damage.
func (s *State) tx(ctx context.Context, do func(q *gatesql.Queries) error) error {
	err := s.store.Tx(ctx, do)
	if store.IsDamaged(err) {
		s.foundDamaged()
	}
	return err
}
