// Package bookstest makes sites with stays and money in a real Postgres, for
// the tests of the read models and of the pages.
package bookstest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// Site is a site being filled. Facts are gathered in memory and written by Save.
type Site struct {
	Store  *store.Store
	Tenant uuid.UUID
	ID     uuid.UUID
	Zone   *time.Location

	t     testing.TB
	facts map[uuid.UUID][]parking.Fact
	order []uuid.UUID
	loose []parking.Fact // facts about no stay
	seq   map[string]int64
	// unplaced stays claim a slot that another holds.
	unplaced map[uuid.UUID]bool
	batch    *pgx.Batch // gathers statements while Save runs
	// Late is how long after it happened the cloud comes to know of a fact.
	Late time.Duration
}

// New adds a site without ground: no zones, slots or gates.
func New(t testing.TB, st *store.Store, code, zone string) *Site {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{
		Store: st, Tenant: uuid.New(), ID: uuid.New(), Zone: loc, t: t,
		facts: map[uuid.UUID][]parking.Fact{}, seq: map[string]int64{}, unplaced: map[uuid.UUID]bool{},
	}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.Exec(`INSERT INTO tenants (id, name, created_at) VALUES ($1, 'Công ty Bãi xe', $2)`, s.Tenant, begin)
	s.Exec(`INSERT INTO sites (tenant_id, id, code, name, timezone, currency, language, tariff_id, tariff_version, created_at)
		VALUES ($1, $2, $3, 'Bãi xe Trung Tâm', $4, 'VND', 'vi', 'default', 1, $5)`, s.Tenant, s.ID, code, zone, begin)
	s.Exec(`INSERT INTO site_feeds (tenant_id, site_id) VALUES ($1, $2)`, s.Tenant, s.ID)
	return s
}

// Exec runs one statement.
func (s *Site) Exec(sql string, args ...any) {
	s.t.Helper()
	if s.batch != nil {
		s.batch.Queue(sql, args...)
		return
	}
	if _, err := s.Store.Pool.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// Ground adds four gates around sixty slots, fifteen a side, and a counted
// zone for motorbikes.
func (s *Site) Ground() {
	s.t.Helper()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, g := range []struct {
		code, name string
		x, y       float64
		at         func(i float64) (x, y float64)
	}{
		{"N", "Cổng Bắc", 0, 10, func(i float64) (float64, float64) { return i - 8, 7 }},
		{"S", "Cổng Nam", 0, -10, func(i float64) (float64, float64) { return i - 8, -7 }},
		{"E", "Cổng Đông", 10, 0, func(i float64) (float64, float64) { return 7, i - 8 }},
		{"W", "Cổng Tây", -10, 0, func(i float64) (float64, float64) { return -7, i - 8 }},
	} {
		s.Exec(`INSERT INTO gates (tenant_id, site_id, code, name, x, y, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			s.Tenant, s.ID, g.code, g.name, g.x, g.y, begin)
		s.Exec(`INSERT INTO zones (tenant_id, site_id, code, name, kind) VALUES ($1, $2, $3, $4, 'numbered')`,
			s.Tenant, s.ID, g.code, "Dãy "+g.code)
		for i := 1; i <= 15; i++ {
			x, y := g.at(float64(i))
			s.Exec(`INSERT INTO slots (tenant_id, site_id, code, zone_code, x, y, classes, home_gate) VALUES ($1, $2, $3, $4, $5, $6, '{car}', $4)`,
				s.Tenant, s.ID, fmt.Sprintf("%s%02d", g.code, i), g.code, x, y)
		}
		for lane, direction := range map[string]string{"1": "in", "2": "out"} {
			s.Exec(`INSERT INTO lanes (tenant_id, site_id, gate_code, code, direction, class) VALUES ($1, $2, $3, $4, $5, 'car')`,
				s.Tenant, s.ID, g.code, lane, direction)
		}
	}
	s.Exec(`INSERT INTO zones (tenant_id, site_id, code, name, kind, capacity) VALUES ($1, $2, 'M', 'Khu xe máy', 'counted', '{"motorbike": 400}')`,
		s.Tenant, s.ID)
}

// Heard marks a gate as enrolled and heard of at a moment.
func (s *Site) Heard(gate string, at time.Time, rttMS, queue int) {
	s.t.Helper()
	key := sha256.Sum256([]byte(gate))
	s.Exec(`UPDATE gates SET public_key = $3, enrolled_at = created_at, seen_at = $4, rtt_ms = $5, queue = $6, version = '0.1.0'
		WHERE site_id = $1 AND code = $2`, s.ID, gate, key[:], at, rttMS, queue)
}

// fact gathers a fact about a stay.
func (s *Site) fact(stay uuid.UUID, gate, actor string, at time.Time, kind parking.Kind, body any) {
	s.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.seq[gate]++
	f := parking.Fact{
		ID: uuid.New(), Site: s.ID, Gate: gate, Epoch: parking.NewEpoch(1, [8]byte{1}), Seq: s.seq[gate], Kind: kind,
		At: parking.BusinessTime(at), Clock: parking.ClockSynced, Actor: actor, V: parking.FactVersion, Body: encoded,
	}
	if stay == uuid.Nil {
		s.loose = append(s.loose, f)
		return
	}
	if _, known := s.facts[stay]; !known {
		s.order = append(s.order, stay)
	}
	s.facts[stay] = append(s.facts[stay], f)
}

// Tell writes a fact of any kind; stay is the zero id for one about none.
func (s *Site) Tell(stay uuid.UUID, gate, actor string, at time.Time, kind parking.Kind, body any) {
	s.t.Helper()
	s.fact(stay, gate, actor, at, kind, body)
}

// In lets a vehicle in; place is a slot ("N03") or a zone ("M").
func (s *Site) In(at time.Time, gate, actor, place, display string, class parking.Class, photos ...parking.PhotoRef) uuid.UUID {
	s.t.Helper()
	b := parking.VehicleIn{
		Stay: uuid.New(), Lane: "1", Class: class, Display: display, Zone: place[:1], Tariff: "default", TariffV: 1, Photos: photos,
	}
	if len(place) > 1 {
		b.Slot = place
	}
	if plate, err := parking.ParsePlate(display); err == nil {
		b.Plate = plate
	}
	s.fact(b.Stay, gate, actor, at, parking.KindVehicleIn, b)
	s.fact(b.Stay, gate, "lane:1", at, parking.KindBarrierOpened, parking.BarrierOpened{Lane: "1", Cause: "stay", Stay: &b.Stay})
	return b.Stay
}

// Pay takes money for a stay.
func (s *Site) Pay(stay uuid.UUID, at time.Time, gate, actor string, method parking.Method, amount parking.Money) {
	s.t.Helper()
	s.fact(stay, gate, actor, at, parking.KindPaymentTaken, parking.PaymentTaken{
		Payment: uuid.New(), Stay: stay, Method: method, Amount: amount, Currency: "VND",
	})
}

// Request shows a driver a request for money that nobody has paid yet.
func (s *Site) Request(stay uuid.UUID, at time.Time, gate, actor string, amount parking.Money) {
	s.t.Helper()
	s.fact(stay, gate, actor, at, parking.KindPaymentRequested, parking.PaymentRequested{
		Payment: uuid.New(), Stay: stay, Method: parking.QR, Amount: amount, Currency: "VND", Reference: "N7K2QX4MA",
	})
}

// Out lets a vehicle out for a fee.
func (s *Site) Out(stay uuid.UUID, at time.Time, gate, actor string, fee parking.Money, photos ...parking.PhotoRef) {
	s.t.Helper()
	s.fact(stay, gate, actor, at, parking.KindVehicleOut, parking.VehicleOut{
		Stay: stay, Lane: "2", Class: parking.Car, Photos: photos, Charge: parking.Charge{
			Fee: fee, Currency: "VND", Tariff: "default", TariffV: 1, Out: at,
			Lines: []parking.Line{{Code: parking.LineBlockFirst, Amount: fee, Text: parking.Text{
				En: "First 60 minutes", Vi: "60 phút đầu",
			}}},
		},
	})
}

// Hold grants a free slot to a gate for a while of the database's own clock; a
// negative while is a grant that has ended.
func (s *Site) Hold(slot, gate string, left time.Duration) {
	s.t.Helper()
	s.Exec(`UPDATE slots SET grant_gate = $3, grant_token = $4, grant_until = statement_timestamp() + $5::bigint * interval '1 ms'
		WHERE site_id = $1 AND code = $2`, s.ID, slot, gate, make([]byte, 32), left.Milliseconds())
}

// Unplace says that the stay claims a slot which another holds.
func (s *Site) Unplace(stay uuid.UUID) { s.unplaced[stay] = true }

// Photo puts a photo into the cloud's list, or only makes its name.
func (s *Site) Photo(jpeg []byte, role string, held bool) parking.PhotoRef {
	s.t.Helper()
	sum := sha256.Sum256(jpeg)
	if held {
		s.Exec(`INSERT INTO photos (tenant_id, site_id, sha256, bytes, gate, received_at) VALUES ($1, $2, $3, $4, 'N', '2026-01-01')
			ON CONFLICT DO NOTHING`, s.Tenant, s.ID, sum[:], len(jpeg))
	}
	return parking.PhotoRef{Role: role, SHA256: hex.EncodeToString(sum[:]), Bytes: len(jpeg)}
}

// Conflict opens a conflict about stays.
func (s *Site) Conflict(kind, slot string, at time.Time, stays ...uuid.UUID) {
	s.t.Helper()
	id := sha256.Sum256([]byte(kind + slot + at.String()))
	if stays == nil {
		stays = []uuid.UUID{}
	}
	s.Exec(`INSERT INTO conflicts (tenant_id, site_id, id, kind, facts, stays, slot_code, state, at, opened_at)
		VALUES ($1, $2, $3, $4, '{}', $5, nullif($6, ''), 'open', $7, $7)`, s.Tenant, s.ID, id[:], kind, stays, slot, at)
}
