package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/store/cloudsql"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Encode makes the JSON of a document column.
func Encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a %T: %w", v, err)
	}
	return b, nil
}

// Decode reads what Encode wrote.
func Decode[T any](b []byte) (T, error) {
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("decode a %T: %w", v, err)
	}
	return v, nil
}

// SiteConfig reads what a gate needs to know of its site to work alone. A
// site that does not exist is a NotFound error.
func SiteConfig(ctx context.Context, q *cloudsql.Queries, site uuid.UUID) (*wire.SiteConfig, error) {
	row, err := q.Site(ctx, site)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, parking.Errorf(parking.NotFound, "There is no such site.")
	}
	if err != nil {
		return nil, fmt.Errorf("read the site: %w", err)
	}
	c := &wire.SiteConfig{
		Site: row.ID, Code: row.Code, Name: row.Name, Timezone: row.Timezone, Currency: row.Currency,
		Language: row.Language, BankBIN: row.BankBin, BankAccount: row.BankAccount,
		Seller: wire.Seller{Name: row.Operator, Address: row.Address, TaxCode: row.TaxCode, Note: row.ReceiptNote, TaxPercent: int(row.TaxPercent)},
	}
	c.Discounts = wire.DiscountRules{Guards: row.GuardDiscounts, ADay: int(row.DiscountsADay)}
	if c.ExitProof, err = Decode[map[parking.Class]parking.Proof](row.ExitProof); err != nil {
		return nil, err
	}
	for _, read := range []func(context.Context, *cloudsql.Queries, *wire.SiteConfig) error{readGates, readLanes, readZones, readKeys} {
		if err := read(ctx, q, c); err != nil {
			return nil, err
		}
	}
	tariffs, err := Tariffs(ctx, q, site)
	if err != nil {
		return nil, err
	}
	for _, t := range tariffs {
		if t.ID == row.TariffID && t.Version == int(row.TariffVersion) {
			c.Tariff = t
		} else {
			c.Tariffs = append(c.Tariffs, t)
		}
	}
	return c, nil
}

func readGates(ctx context.Context, q *cloudsql.Queries, c *wire.SiteConfig) error {
	rows, err := q.Gates(ctx, c.Site)
	if err != nil {
		return fmt.Errorf("read the gates: %w", err)
	}
	for _, r := range rows {
		c.Gates = append(c.Gates, parking.Gate{Code: r.Code, Name: r.Name, At: parking.Point{X: r.X, Y: r.Y}})
	}
	return nil
}

func readLanes(ctx context.Context, q *cloudsql.Queries, c *wire.SiteConfig) error {
	rows, err := q.Lanes(ctx, c.Site)
	if err != nil {
		return fmt.Errorf("read the lanes: %w", err)
	}
	for _, r := range rows {
		lane := parking.Lane{
			Code: r.Code, Gate: r.GateCode, Direction: parking.Direction(r.Direction),
			Class: parking.Class(r.Class), Barrier: r.Barrier,
		}
		if r.ZoneCode != nil {
			lane.Zone = *r.ZoneCode
		}
		c.Lanes = append(c.Lanes, lane)
	}
	return nil
}

func readKeys(ctx context.Context, q *cloudsql.Queries, c *wire.SiteConfig) error {
	rows, err := q.SiteKeys(ctx, c.Site)
	if err != nil {
		return fmt.Errorf("read the gates' keys: %w", err)
	}
	for _, r := range rows {
		c.Keys = append(c.Keys, wire.GateKey{Gate: r.Gate, PublicKey: r.PublicKey, Since: r.Since.UTC(), Until: r.Until, Revoked: r.Revoked})
	}
	return nil
}

func readZones(ctx context.Context, q *cloudsql.Queries, c *wire.SiteConfig) error {
	rows, err := q.Zones(ctx, c.Site)
	if err != nil {
		return fmt.Errorf("read the zones: %w", err)
	}
	for _, r := range rows {
		capacity, err := Decode[map[parking.Class]int](r.Capacity)
		if err != nil {
			return err
		}
		c.Zones = append(c.Zones, parking.Zone{Code: r.Code, Name: r.Name, Kind: parking.ZoneKind(r.Kind), Capacity: capacity})
	}
	return nil
}

// Tariffs reads all tariff versions of a site.
func Tariffs(ctx context.Context, q *cloudsql.Queries, site uuid.UUID) ([]parking.Tariff, error) {
	rows, err := q.Tariffs(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read the tariffs: %w", err)
	}
	out := make([]parking.Tariff, 0, len(rows))
	for _, r := range rows {
		t, err := Decode[parking.Tariff](r.Document)
		if err != nil {
			return nil, err
		}
		t.ID, t.Version = r.ID, int(r.Version)
		out = append(out, t)
	}
	return out, nil
}

// Slots reads slots as they are now: all of the site without codes, else
// those named. Codes that do not exist are not in the answer.
func Slots(ctx context.Context, q *cloudsql.Queries, site uuid.UUID, codes ...string) ([]parking.Slot, error) {
	if codes == nil {
		codes = []string{}
	}
	rows, err := q.SlotsNow(ctx, cloudsql.SlotsNowParams{SiteID: site, Codes: codes})
	if err != nil {
		return nil, fmt.Errorf("read the slots: %w", err)
	}
	out := make([]parking.Slot, 0, len(rows))
	for _, r := range rows {
		s := parking.Slot{
			Code: r.Code, Zone: r.ZoneCode, At: parking.Point{X: r.X, Y: r.Y}, Home: r.HomeGate, State: parking.SlotFree,
			Loan: Loan(r.LoanNumber, r.LoanTo, r.LoanEpoch, r.LoanIncarnation),
		}
		for _, c := range r.Classes {
			s.Classes = append(s.Classes, parking.Class(c))
		}
		switch {
		case r.StayID != nil:
			s.State, s.Stay = parking.SlotOccupied, *r.StayID
		case r.OutOfService:
			s.State = parking.SlotOutOfService
		}
		out = append(out, s)
	}
	return out, nil
}

// Loan is a row's loan.
func Loan(n int64, to *string, epoch string, incarnation *uuid.UUID) parking.Loan {
	l := parking.Loan{N: n}
	if to != nil {
		l.To, l.Epoch = *to, parking.Epoch(epoch)
	}
	if to != nil && incarnation != nil {
		l.Incarnation = *incarnation
	}
	return l
}

// leftInSnapshot is how long a snapshot remembers stays that have left, so
// that a gate can answer for a vehicle that comes back to ask.
const leftInSnapshot = 48 * time.Hour

// Snapshot reads the site's whole state at one feed number, for one gate.
func (s *Store) Snapshot(ctx context.Context, site uuid.UUID, gate string, now time.Time) (*wire.Snapshot, error) {
	snap := new(wire.Snapshot)
	err := s.ReadTx(ctx, func(q *cloudsql.Queries) error {
		head, err := q.FeedHead(ctx, site)
		if errors.Is(err, pgx.ErrNoRows) {
			return parking.Errorf(parking.NotFound, "There is no such site.")
		}
		if err != nil {
			return fmt.Errorf("read the feed's head: %w", err)
		}
		snap.FeedSeq, snap.Incarnation = head.FeedSeq, head.Incarnation
		return fillSnapshot(ctx, q, snap, site, gate, now)
	})
	if err != nil {
		return nil, err
	}
	return snap, nil
}

func fillSnapshot(ctx context.Context, q *cloudsql.Queries, snap *wire.Snapshot, site uuid.UUID, gate string, now time.Time) error {
	cfg, err := SiteConfig(ctx, q, site)
	if err != nil {
		return err
	}
	snap.Config = *cfg
	if snap.Slots, err = Slots(ctx, q, site); err != nil {
		return err
	}
	since := now.Add(-leftInSnapshot)
	rows, err := q.StaysForSnapshot(ctx, cloudsql.StaysForSnapshotParams{SiteID: site, LeftSince: &since})
	if err != nil {
		return fmt.Errorf("read the stays: %w", err)
	}
	snap.Stays = make([]parking.Stay, 0, len(rows))
	for _, doc := range rows {
		stay, err := Decode[parking.Stay](doc)
		if err != nil {
			return err
		}
		snap.Stays = append(snap.Stays, stay)
	}
	if snap.Conflicts, err = OpenConflicts(ctx, q, site); err != nil {
		return err
	}
	if snap.Held, err = Held(ctx, q, site, gate); err != nil {
		return err
	}
	snap.Covers, err = covers(ctx, q, site, now)
	return err
}

// A snapshot says how far the facts of runs of the last forty days are in it,
// and of the newest fifty of each gate, whatever their clocks said.
const (
	coveredSince  = 40 * 24 * time.Hour
	coveredNewest = 50
)

func covers(ctx context.Context, q *cloudsql.Queries, site uuid.UUID, now time.Time) ([]wire.Covered, error) {
	rows, err := q.SiteCovers(ctx, cloudsql.SiteCoversParams{SiteID: site, Since: now.Add(-coveredSince), Newest: coveredNewest})
	if err != nil {
		return nil, fmt.Errorf("read what is held of the gates: %w", err)
	}
	out := make([]wire.Covered, 0, len(rows))
	for _, r := range rows {
		out = append(out, wire.Covered{Gate: r.Gate, Epoch: parking.Epoch(r.Epoch), Seq: r.Seq})
	}
	return out, nil
}

// OpenConflicts lists the conflicts of a site that wait for a person.
func OpenConflicts(ctx context.Context, q *cloudsql.Queries, site uuid.UUID) ([]wire.Conflict, error) {
	rows, err := q.OpenConflicts(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read the conflicts: %w", err)
	}
	out := make([]wire.Conflict, 0, len(rows))
	for _, r := range rows {
		c := wire.Conflict{ID: hex.EncodeToString(r.ID), Kind: r.Kind, State: r.State, Stays: r.Stays, Facts: r.Facts, At: r.At}
		if r.SlotCode != nil {
			c.Slot = *r.SlotCode
		}
		out = append(out, c)
	}
	return out, nil
}

// Held tells the highest durable seq of each run of a gate.
func Held(ctx context.Context, q *cloudsql.Queries, site uuid.UUID, gate string) (map[parking.Epoch]int64, error) {
	rows, err := q.GateEpochs(ctx, cloudsql.GateEpochsParams{SiteID: site, Gate: gate})
	if err != nil {
		return nil, fmt.Errorf("read what is held of gate %s: %w", gate, err)
	}
	held := make(map[parking.Epoch]int64, len(rows))
	for _, r := range rows {
		held[parking.Epoch(r.Epoch)] = r.Seq
	}
	return held, nil
}
