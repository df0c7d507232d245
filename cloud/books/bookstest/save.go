package bookstest

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/parking"
)

// Save writes the facts gathered since the last Save, and the stays and
// payments that they fold to.
func (s *Site) Save() {
	s.t.Helper()
	s.batch = &pgx.Batch{}
	for _, id := range s.order {
		for _, f := range s.facts[id] {
			s.saveFact(f, id)
		}
		stay := parking.FoldStay(id, s.facts[id])
		stay.Placed = !s.unplaced[id]
		s.saveStay(&stay)
	}
	for _, f := range s.loose {
		s.saveFact(f, uuid.Nil)
	}
	batch := s.batch
	s.batch, s.loose = nil, nil
	if err := s.Store.Pool.SendBatch(s.t.Context(), batch).Close(); err != nil {
		s.t.Fatal(err)
	}
	s.order, s.facts = nil, map[uuid.UUID][]parking.Fact{}
}

func (s *Site) saveFact(f parking.Fact, stay uuid.UUID) {
	s.t.Helper()
	encoded, err := f.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := parking.DecodeBody(f)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Exec(`INSERT INTO processed_events (tenant_id, site_id, id, gate, epoch, seq, at, outcome, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'applied', $8)`, s.Tenant, s.ID, f.ID, f.Gate, string(f.Epoch), f.Seq, f.At, f.At.Add(s.Late))
	s.Exec(`INSERT INTO facts (tenant_id, site_id, at, id, gate, epoch, seq, kind, stay_id, actor, encoded, shift_id, subject, lane, signs)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, nullif($13, ''), nullif($14, ''), nullif($15::text[], '{}'))`,
		s.Tenant, s.ID, f.At, f.ID, f.Gate, string(f.Epoch), f.Seq, string(f.Kind), orNone(stay), f.Actor, encoded,
		orNone(parking.ShiftOf(body)), parking.SubjectOf(body), parking.LaneNamed(body), append([]string{}, parking.SignsOf(body)...))
	s.Exec(`INSERT INTO gate_epochs (tenant_id, site_id, gate, epoch, seq, last_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (site_id, gate, epoch) DO UPDATE SET seq = excluded.seq, last_at = excluded.last_at`,
		s.Tenant, s.ID, f.Gate, string(f.Epoch), f.Seq, f.At)
}

func orNone(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func (s *Site) saveStay(stay *parking.Stay) {
	s.t.Helper()
	document, err := json.Marshal(stay) //nolint:gosec // Pass is a parking pass
	if err != nil {
		s.t.Fatal(err)
	}
	var held *string
	if stay.State == parking.Inside && stay.Slot != "" && stay.Placed {
		held = &stay.Slot
	}
	var fee *parking.Money
	if stay.Charge != nil {
		fee = &stay.Charge.Fee
	}
	var inFact *uuid.UUID
	if stay.InAt != nil {
		inFact = &stay.InFact
	}
	s.Exec(`INSERT INTO transactions (tenant_id, site_id, id, state, class, plate, display, zone_code, slot_claimed, slot_held,
			in_at, in_gate, out_at, out_gate, currency, fee, paid, document, in_fact)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), $10, $11, nullif($12, ''), $13, nullif($14, ''), 'VND', $15, $16, $17, $18)`,
		s.Tenant, s.ID, stay.ID, string(stay.State), string(stay.Class), string(stay.Plate), stay.Display, stay.Zone, stay.Slot, held,
		stay.InAt, stay.InGate, stay.OutAt, stay.OutGate, fee, stay.PaidSum(), document, inFact)
	for _, p := range stay.Payments {
		s.Exec(`INSERT INTO payments (tenant_id, site_id, id, stay_id, method, status, amount, currency, reference, gate, actor, requested_at, paid_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), $10, $11, $12, $13)`,
			s.Tenant, s.ID, p.ID, stay.ID, string(p.Method), string(p.Status), p.Amount, p.Currency, p.Reference, p.Gate, p.Actor, p.RequestedAt, p.PaidAt)
	}
	if stay.Plate != "" {
		at := stay.InAt
		if at == nil {
			at = stay.OutAt
		}
		s.saveVehicle(stay, *at)
	}
}

func (s *Site) saveVehicle(stay *parking.Stay, at time.Time) {
	s.t.Helper()
	s.Exec(`INSERT INTO vehicles (tenant_id, site_id, plate, display, class, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
		ON CONFLICT (site_id, plate) DO UPDATE SET last_at = excluded.last_at`,
		s.Tenant, s.ID, string(stay.Plate), stay.Display, string(stay.Class), at)
}
