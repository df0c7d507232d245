// Package cloudtest gives the cloud's tests a seeded site on a database of
// their own, and gates that make, sign and bring facts as real ones do.
package cloudtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/seed"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Noon is when tests begin: 12:00 on a day at the seeded site.
var Noon = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

// Site is a seeded site.
type Site struct {
	URL    string // of the database
	Store  *store.Store
	Auth   *auth.Service
	ID     uuid.UUID
	Tenant uuid.UUID
	Code   string
	People map[string]seed.Made // with their passwords, by name
}

// NewSite makes a database with the seeded site. now is the clock of its
// services; nil stands still at Noon.
func NewSite(t testing.TB, now func() time.Time) *Site {
	t.Helper()
	if now == nil {
		now = func() time.Time { return Noon }
	}
	url := privatetest.Database(t, store.Migrate)
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	a := auth.New(auth.Config{Store: s, Now: now, Log: slog.New(slog.DiscardHandler)})
	made, err := seed.Seed(t.Context(), s, a, now())
	if err != nil {
		t.Fatal(err)
	}
	row, err := s.Q.SiteByCode(t.Context(), made.Code)
	if err != nil {
		t.Fatal(err)
	}
	site := &Site{URL: url, Store: s, Auth: a, ID: row.ID, Tenant: row.TenantID, Code: row.Code, People: map[string]seed.Made{}}
	for _, m := range made.Users {
		site.People[m.Name] = m
	}
	return site
}

// Operator is an administrator of the site.
func (s *Site) Operator(t testing.TB) auth.Principal {
	t.Helper()
	p, err := s.Auth.Operator(t.Context(), s.Code)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Gate is an enrolled gate with its key, in one epoch.
type Gate struct {
	Code  string
	Site  uuid.UUID
	Key   ed25519.PrivateKey
	Epoch parking.Epoch
	Facts []parking.Fact // in the order made
}

// Enrol enrols a gate as a guard post does, with a one-time code.
func (s *Site) Enrol(t testing.TB, code string) *Gate {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	once, _, err := s.Auth.NewGateCode(t.Context(), s.Operator(t), code)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Auth.Enrol(t.Context(), wire.EnrolRequest{Code: once, PublicKey: public, Machine: "test", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s.forgetEnrolment(t)
	return NewGate(s.ID, code, key)
}

// forgetEnrolment takes the entries that tell of new keys out of the feed while
// it has no others, so that tests count their own entries from 1.
func (s *Site) forgetEnrolment(t testing.TB) {
	t.Helper()
	err := s.Store.Tx(t.Context(), func(_ *cloudsql.Queries, tx pgx.Tx) error {
		var others int
		err := tx.QueryRow(t.Context(), `SELECT count(*) FROM feed WHERE site_id = $1 AND body - 'feed_seq' - 'config' <> '{}'`, s.ID).Scan(&others)
		if err != nil || others > 0 {
			return err
		}
		if _, err := tx.Exec(t.Context(), "DELETE FROM feed WHERE site_id = $1", s.ID); err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), "UPDATE site_feeds SET feed_seq = 0 WHERE site_id = $1", s.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// NewGate is a gate at the start of an epoch.
func NewGate(site uuid.UUID, code string, key ed25519.PrivateKey) *Gate {
	var random [8]byte
	_, _ = rand.Read(random[:])
	return &Gate{Code: code, Site: site, Key: key, Epoch: parking.NewEpoch(1, random)}
}

// Fact makes the gate's next fact.
func (g *Gate) Fact(t testing.TB, kind parking.Kind, at time.Time, body any) parking.Fact {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	f := parking.Fact{
		ID: uuid.Must(uuid.NewV7()), Site: g.Site, Gate: g.Code, Epoch: g.Epoch, Seq: int64(len(g.Facts)) + 1, Kind: kind,
		At: parking.BusinessTime(at), Clock: parking.ClockSynced, Boot: "boot", Actor: "lan", V: parking.FactVersion, Body: raw,
	}
	g.Facts = append(g.Facts, f)
	return f
}

// In makes a car's IN into a slot and returns its stay.
func (g *Gate) In(t testing.TB, at time.Time, plate, slot string) uuid.UUID {
	t.Helper()
	stay := uuid.Must(uuid.NewV7())
	zone := slot
	if len(slot) > 1 {
		zone = slot[:1]
	}
	g.Fact(t, parking.KindVehicleIn, at, parking.VehicleIn{
		Stay: stay, Lane: "1", Class: parking.Car, Plate: parking.Plate(plate), Display: plate, Zone: zone, Slot: slot,
		Tariff: "default", TariffV: 1,
	})
	return stay
}

// Out makes a car's payment in cash and its OUT, with that fee.
func (g *Gate) Out(t testing.TB, stay uuid.UUID, in, out time.Time, plate string, fee parking.Money) {
	t.Helper()
	if fee > 0 {
		g.Fact(t, parking.KindPaymentTaken, out, parking.PaymentTaken{
			Payment: uuid.Must(uuid.NewV7()), Stay: stay, Method: parking.Cash, Amount: fee, Currency: "VND", Tendered: fee,
		})
	}
	g.Fact(t, parking.KindVehicleOut, out, parking.VehicleOut{
		Stay: stay, Lane: "2", Class: parking.Car, Plate: parking.Plate(plate), Display: plate,
		Charge: parking.Charge{Fee: fee, Due: fee, Currency: "VND", In: in, Out: out, Tariff: "default", TariffV: 1},
	})
}

// Batch signs a run of the gate's facts.
func (g *Gate) Batch(t testing.TB, facts []parking.Fact) *wire.Batch {
	t.Helper()
	b := &wire.Batch{ID: uuid.New(), Site: g.Site, Gate: g.Code, Epoch: g.Epoch, FirstSeq: facts[0].Seq}
	for _, f := range facts {
		encoded, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		b.Items = append(b.Items, wire.NewItem(f.ID, encoded))
	}
	b.Sign(g.Key)
	return b
}

// Raw is the batch as it goes over the wire.
func Raw(t testing.TB, b *wire.Batch) []byte {
	t.Helper()
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
