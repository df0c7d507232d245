package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/gate/store/gatesql"
	"gatehouse/parking"
)

// Draft is a fact that is to be written: what happened and who did it. The
// rest of the envelope is made by Write.
type Draft struct {
	Kind  parking.Kind
	Body  any    // *parking.VehicleIn and so on, or the value itself
	Actor string // user name, "lane:1" for a device, "" for the machine
	// Opens is the code of the lane whose barrier opens after this fact; ""
	// for none. Until ConfirmOpening, the lane shows it after a start.
	Opens string
	// Ends is the opening that is over with this fact: its vehicle has passed,
	// or backed out. The zero id for none.
	Ends uuid.UUID
	// keep are settings that are kept with the fact, in its transaction.
	keep map[string]string

	// ID is that of the fact, for a request that may be sent twice; the zero
	// id has one made.
	ID uuid.UUID
	// Online says that the cloud is heard just now: a receipt may then take the
	// next number of the gate's main series.
	Online bool
}

// written is a fact together with the bytes that stand for it.
type written struct {
	fact    parking.Fact
	body    any
	encoded []byte
	hash    string
	stay    uuid.UUID
	opens   string
	ends    uuid.UUID
	keep    map[string]string
}

// Write writes the drafts as facts, in order, in one transaction: all or
// none. When it returns nil, the disk has them and Site shows their effect.
// When the disk refuses, the error is Unavailable with a sentence, nothing
// was changed and no number was used up; openings by hand are then noted
// beside the database, and no facts are returned. A body that this program could not
// read back is refused before anything is written. Once the cloud's time is
// known, what it says of times that were guessed is written first.
func (s *State) Write(ctx context.Context, drafts ...Draft) ([]parking.Fact, error) {
	facts, err := s.write(ctx, drafts)
	switch {
	case store.IsFull(err):
		s.foundFull()
	case err == nil && len(facts) > 0:
		s.wroteAgain(ctx)
	}
	return facts, err
}

func (s *State) write(ctx context.Context, drafts []Draft) ([]parking.Fact, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if s.damaged.Load() {
		if s.noteBeside(drafts) {
			return nil, nil
		}
		return nil, store.Damaged(errors.New("found before"))
	}
	if err := s.resync(ctx); err != nil {
		if s.noteBeside(drafts) {
			return nil, nil
		}
		return nil, err
	}
	batch, err := s.compose(drafts)
	if err != nil || len(batch) == 0 {
		return nil, err
	}
	err = s.tx(ctx, func(q *gatesql.Queries) error { return s.insert(ctx, q, batch) })
	if err != nil && store.IsFull(err) && mayUseReserve(drafts) && s.store.GiveUpReserve() {
		err = s.tx(ctx, func(q *gatesql.Queries) error { return s.insert(ctx, q, batch) })
	}
	if err != nil {
		s.unsure = true
		if s.noteBeside(drafts) {
			return nil, nil
		}
		return nil, fmt.Errorf("write facts: %w", err)
	}
	s.took(batch)
	facts := make([]parking.Fact, 0, len(drafts))
	for i := range batch[len(batch)-len(drafts):] {
		facts = append(facts, batch[len(batch)-len(drafts)+i].fact)
	}
	return facts, nil
}

// mayUseReserve says whether the disk's reserve is given up for these facts:
// openings that happen whether or not they can be recorded.
func mayUseReserve(drafts []Draft) bool {
	for _, d := range drafts {
		if d.keep != nil {
			return false // it says what the gate keeps, and the gate keeps nothing now
		}
		switch d.Kind {
		case parking.KindBarrierOpened, parking.KindBarrierFailed, parking.KindAlarm:
		default:
			return false
		}
	}
	return true
}

// compose makes facts of drafts, numbered and chained after the last one.
// What the time says of boots before comes before them.
func (s *State) compose(drafts []Draft) ([]written, error) {
	now := s.clock.Read()
	if observations := s.observations(now); s.lastSeq > 0 && len(observations) > 0 {
		drafts = append(observations, drafts...)
	}
	at, seq, prev := s.lastAt[now.Guessed()], s.lastSeq, s.lastHash
	out := make([]written, 0, len(drafts))
	taken := map[string]int64{}
	for _, d := range drafts {
		if err := s.numberReceipt(&d, parking.ClampAt(now.At, at), taken); err != nil {
			return nil, err
		}
		raw, err := json.Marshal(d.Body)
		if err != nil {
			return nil, fmt.Errorf("encode a %s: %w", d.Kind, err)
		}
		id := d.ID
		if id == uuid.Nil {
			if id, err = uuid.NewV7(); err != nil {
				return nil, fmt.Errorf("make an id: %w", err)
			}
		}
		seq++
		at = parking.ClampAt(now.At, at)
		f := parking.Fact{
			ID: id, Site: s.site, Gate: s.gate, Epoch: s.epoch, Seq: seq, Prev: prev,
			Kind: d.Kind, At: at, Clock: now.Source, Boot: now.Boot, MonoMS: now.MonoMS,
			Actor: d.Actor, V: parking.FactVersion, Body: raw,
		}
		body, err := parking.DecodeBody(f)
		if err != nil {
			return nil, fmt.Errorf("a %s that cannot be read back: %w", d.Kind, err)
		}
		encoded, err := f.Encode()
		if err != nil {
			return nil, fmt.Errorf("encode a %s: %w", d.Kind, err)
		}
		prev = parking.FactHash(encoded)
		out = append(out, written{fact: f, body: body, encoded: encoded, hash: prev, stay: parking.StayOf(f), opens: d.Opens, ends: d.Ends, keep: d.keep})
	}
	return out, nil
}

func (s *State) insert(ctx context.Context, q *gatesql.Queries, batch []written) error {
	for i := range batch {
		w := &batch[i]
		if err := addFact(ctx, q, w); err != nil {
			return err
		}
		if err := insertShift(ctx, q, w); err != nil {
			return err
		}
		if err := insertMessageRead(ctx, q, w); err != nil {
			return err
		}
		if w.ends != uuid.Nil {
			ms := w.fact.At.UnixMilli()
			if err := q.EndOpening(ctx, gatesql.EndOpeningParams{OverMs: &ms, Fact: w.ends.String()}); err != nil {
				return fmt.Errorf("end an opening: %w", err)
			}
		}
		if b, ok := w.body.(*parking.ReceiptIssued); ok {
			if err := addReceipt(ctx, q, &w.fact, b); err != nil {
				return err
			}
		}
		for name, value := range w.keep {
			if err := q.SetSetting(ctx, gatesql.SetSettingParams{Name: name, Value: value}); err != nil {
				return fmt.Errorf("keep what a fact says: %w", err)
			}
		}
		if w.opens == "" {
			continue
		}
		err := q.AddOpening(ctx, gatesql.AddOpeningParams{
			Fact: w.fact.ID.String(), Lane: w.opens, Stay: w.stay.String(), AtMs: w.fact.At.UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("write an opening: %w", err)
		}
	}
	if err := s.storeTimes(ctx, q, batch); err != nil {
		return err
	}
	return s.saveHighest(ctx, q, batch[len(batch)-1].fact.At)
}

func addFact(ctx context.Context, q *gatesql.Queries, w *written) error {
	p := gatesql.AddFactParams{
		ID: w.fact.ID.String(), Epoch: string(w.fact.Epoch), Seq: w.fact.Seq, Kind: string(w.fact.Kind),
		AtMs: w.fact.At.UnixMilli(), Encoded: w.encoded, Hash: w.hash,
	}
	if w.stay != uuid.Nil {
		id := w.stay.String()
		p.Stay = &id
	}
	if err := q.AddFact(ctx, p); err != nil {
		return fmt.Errorf("write fact %d of %s: %w", w.fact.Seq, w.fact.Epoch, err)
	}
	return nil
}

// took brings memory to where the disk is: the batch was committed.
func (s *State) took(batch []written) {
	last := &batch[len(batch)-1]
	s.lastSeq, s.lastHash = last.fact.Seq, last.hash
	s.lastMono = time.Duration(last.fact.MonoMS) * time.Millisecond
	s.mu.Lock()
	for i := range batch {
		s.lastAt[batch[i].fact.Movable()] = batch[i].fact.At
	}
	s.tookTimes(batch)
	for i := range batch {
		s.lay(batch[i].fact, batch[i].body, batch[i].stay)
		s.tookShift(batch[i].fact, batch[i].body)
		s.tookMessageRead(batch[i].body)
		s.remember(s.ownEntry(batch[i].fact, batch[i].body))
	}
	s.strands.wrote(last.fact.Epoch, last.fact.Seq)
	s.queue += int64(len(batch))
	s.noteHighest(last.fact.At)
	s.publish()
	s.mu.Unlock()
}

// resync asks the disk, after a write that failed, how far it really got: a
// commit that reported an error may still have reached the disk.
func (s *State) resync(ctx context.Context) error {
	if !s.unsure {
		return nil
	}
	rows, err := s.store.Read().FactsAfter(ctx, gatesql.FactsAfterParams{Epoch: string(s.epoch), Seq: s.lastSeq})
	if err != nil {
		return s.diskError("read what was written", err)
	}
	batch := make([]written, 0, len(rows))
	for _, r := range rows {
		f, err := parking.DecodeFact(r.Encoded)
		if err != nil {
			return fmt.Errorf("read what was written: %w", err)
		}
		body, err := parking.DecodeBody(f)
		if err != nil {
			return fmt.Errorf("read what was written: %w", err)
		}
		batch = append(batch, written{fact: f, body: body, encoded: r.Encoded, hash: r.Hash, stay: parking.StayOf(f)})
	}
	if len(batch) > 0 {
		s.log.Warn("a write that had failed was on the disk after all", "facts", len(batch))
		s.took(batch)
	}
	s.unsure = false
	return nil
}
