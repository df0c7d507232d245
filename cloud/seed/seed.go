// Package seed makes a first site: four gates around sixty numbered slots and
// a counted zone for motorbikes, an administrator and four guards.
package seed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
	"gatehouse/tariffs"
)

// SiteCode is the code of the site that Seed makes.
const SiteCode = "demo"

const siteName = "Bãi xe Trung Tâm"

// Result is what was made. Passwords are known here only.
type Result struct {
	Already bool      `json:"already"` // the site was there: nothing was changed
	Site    uuid.UUID `json:"site"`
	Code    string    `json:"site_code"`
	Name    string    `json:"name"`
	Users   []Made    `json:"users"` // empty when Already: passwords are kept nowhere
}

// Made is somebody who was added.
type Made struct {
	Name     string `json:"name"`
	Display  string `json:"display"`
	Role     string `json:"role"`
	Password string `json:"password"`
}

// people of the seeded site.
var people = []Made{
	{Name: "admin", Display: "Quản trị", Role: auth.RoleAdmin},
	{Name: "lan", Display: "Nguyễn Thị Lan", Role: auth.RoleGuard},
	{Name: "minh", Display: "Trần Văn Minh", Role: auth.RoleGuard},
	{Name: "hoa", Display: "Lê Thị Hoa", Role: auth.RoleGuard},
	{Name: "tuan", Display: "Phạm Anh Tuấn", Role: auth.RoleGuard},
}

// sides are where the first four gates stand; further gates stand behind them,
// each ring of four outside of the one before.
var sides = []parking.Gate{
	{Code: "N", Name: "Cổng Bắc", At: parking.Point{X: 0, Y: 10}},
	{Code: "S", Name: "Cổng Nam", At: parking.Point{X: 0, Y: -10}},
	{Code: "E", Name: "Cổng Đông", At: parking.Point{X: 10, Y: 0}},
	{Code: "W", Name: "Cổng Tây", At: parking.Point{X: -10, Y: 0}},
}

const (
	// Gates is how many gates the first site has unless somebody says so.
	Gates = 4
	// MaxGates bounds a site that is made for a simulation.
	MaxGates = 64

	slotsPerZone = 15
	rowInside    = 3 // from a gate to its row of slots
)

// gatesAround are the first n gates: N, S, E, W, then N2, S2 and so on.
func gatesAround(n int) []parking.Gate {
	out := make([]parking.Gate, 0, n)
	for i := range n {
		gate, ring := sides[i%len(sides)], i/len(sides)
		if ring > 0 {
			gate.Code += strconv.Itoa(ring + 1)
			gate.Name += " " + strconv.Itoa(ring+1)
			gate.At.X *= float64(ring + 1)
			gate.At.Y *= float64(ring + 1)
		}
		out = append(out, gate)
	}
	return out
}

// slotAt is where slot i (from 1) of a gate's own zone lies: in a row across
// the way in.
func slotAt(gate parking.Gate, i int) parking.Point {
	along := float64(i - 8)
	if gate.At.X == 0 {
		return parking.Point{X: along, Y: gate.At.Y - math.Copysign(rowInside, gate.At.Y)}
	}
	return parking.Point{X: gate.At.X - math.Copysign(rowInside, gate.At.X), Y: along}
}

// motorbikes is the counted zone.
var motorbikes = parking.Zone{
	Code: "M", Name: "Xe máy", Kind: parking.Counted,
	Capacity: map[parking.Class]int{parking.Motorbike: 400, parking.Bicycle: 40},
}

// Seed makes the site in a migrated database. If it is there already, nothing
// is changed and the result says so.
func Seed(ctx context.Context, s *store.Store, people *auth.Service, now time.Time) (Result, error) {
	return WithGates(ctx, s, people, now, Gates)
}

// WithGates is Seed with another number of gates, each with a zone of its own.
func WithGates(ctx context.Context, s *store.Store, people *auth.Service, now time.Time, n int) (Result, error) {
	if n < 1 || n > MaxGates {
		return Result{}, parking.Errorf(parking.Invalid, "A first site has 1 to %d gates.", MaxGates)
	}
	row, err := s.Q.SiteByCode(ctx, SiteCode)
	if err == nil {
		return Result{Already: true, Site: row.ID, Code: row.Code, Name: row.Name, Users: []Made{}}, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return Result{}, fmt.Errorf("look for the site: %w", err)
	}
	ground := plot{tenant: uuid.New(), site: uuid.New(), now: now.UTC(), gates: gatesAround(n)}
	out := Result{Site: ground.site, Code: SiteCode, Name: siteName}
	made, err := withPasswords(ctx, people)
	if err != nil {
		return Result{}, err
	}
	err = s.Tx(ctx, func(q *cloudsql.Queries, _ pgx.Tx) error {
		for _, step := range []func(context.Context, *cloudsql.Queries) error{
			ground.addSite, ground.addGates, ground.addZones, ground.addSlots, ground.addLanes,
		} {
			if err := step(ctx, q); err != nil {
				return err
			}
		}
		return ground.addPeople(ctx, q, made)
	})
	if err != nil {
		return Result{}, fmt.Errorf("seed: %w", err)
	}
	for _, m := range made {
		out.Users = append(out.Users, m.Made)
	}
	return out, nil
}

type hashed struct {
	Made
	hash string
}

func withPasswords(ctx context.Context, service *auth.Service) ([]hashed, error) {
	var out []hashed
	for _, m := range people {
		m.Password = NewPassword()
		hash, err := service.HashPassword(ctx, m.Password)
		if err != nil {
			return nil, err
		}
		out = append(out, hashed{m, hash})
	}
	return out, nil
}

// plot is the site being made.
type plot struct {
	tenant, site uuid.UUID
	now          time.Time
	gates        []parking.Gate
}

func (g *plot) addSite(ctx context.Context, q *cloudsql.Queries) error {
	tariff := tariffs.DefaultTariff()
	tariff.Version = max(1, tariff.Version)
	doc, err := store.Encode(tariff)
	if err != nil {
		return err
	}
	if err := q.AddTenant(ctx, cloudsql.AddTenantParams{ID: g.tenant, Name: "Gatehouse Demo", CreatedAt: g.now}); err != nil {
		return fmt.Errorf("add the tenant: %w", err)
	}
	err = q.AddSite(ctx, cloudsql.AddSiteParams{
		TenantID: g.tenant, ID: g.site, Code: SiteCode, Name: siteName, Timezone: "Asia/Ho_Chi_Minh",
		Currency: "VND", Language: "vi", TariffID: tariff.ID, TariffVersion: int32(min(tariff.Version, math.MaxInt32)), //nolint:gosec // bounded in this line
		ExitProof: []byte(`{}`), BankBin: "970436", BankAccount: "0011001234567", CreatedAt: g.now,
	})
	if err != nil {
		return fmt.Errorf("add the site: %w", err)
	}
	if err := q.AddSiteFeed(ctx, cloudsql.AddSiteFeedParams{TenantID: g.tenant, SiteID: g.site}); err != nil {
		return fmt.Errorf("add the feed: %w", err)
	}
	err = q.AddTariff(ctx, cloudsql.AddTariffParams{
		TenantID: g.tenant, SiteID: g.site, ID: tariff.ID, Version: int32(min(tariff.Version, math.MaxInt32)), //nolint:gosec // bounded in this line
		Document: doc, FromAt: g.now, CreatedAt: g.now,
	})
	if err != nil {
		return fmt.Errorf("add the tariff: %w", err)
	}
	return nil
}

func (g *plot) addGates(ctx context.Context, q *cloudsql.Queries) error {
	for _, gate := range g.gates {
		err := q.AddGate(ctx, cloudsql.AddGateParams{
			TenantID: g.tenant, SiteID: g.site, Code: gate.Code, Name: gate.Name, X: gate.At.X, Y: gate.At.Y, CreatedAt: g.now,
		})
		if err != nil {
			return fmt.Errorf("add gate %s: %w", gate.Code, err)
		}
	}
	return nil
}

func (g *plot) addZones(ctx context.Context, q *cloudsql.Queries) error {
	zones := []parking.Zone{motorbikes}
	for _, gate := range g.gates {
		zones = append(zones, parking.Zone{Code: gate.Code, Name: "Khu " + gate.Code, Kind: parking.Numbered, Capacity: map[parking.Class]int{}})
	}
	for _, z := range zones {
		capacity, err := store.Encode(z.Capacity)
		if err != nil {
			return err
		}
		err = q.AddZone(ctx, cloudsql.AddZoneParams{
			TenantID: g.tenant, SiteID: g.site, Code: z.Code, Name: z.Name, Kind: string(z.Kind), Capacity: capacity,
		})
		if err != nil {
			return fmt.Errorf("add zone %s: %w", z.Code, err)
		}
	}
	return nil
}

func (g *plot) addSlots(ctx context.Context, q *cloudsql.Queries) error {
	for _, zone := range g.gates { // each numbered zone bears its gate's code
		for i := 1; i <= slotsPerZone; i++ {
			at := slotAt(zone, i)
			err := q.AddSlot(ctx, cloudsql.AddSlotParams{
				TenantID: g.tenant, SiteID: g.site, Code: fmt.Sprintf("%s%02d", zone.Code, i), ZoneCode: zone.Code,
				X: at.X, Y: at.Y, Classes: []string{string(parking.Car)}, HomeGate: parking.HomeGate(at, g.gates),
			})
			if err != nil {
				return fmt.Errorf("add a slot: %w", err)
			}
		}
	}
	return nil
}

func (g *plot) addLanes(ctx context.Context, q *cloudsql.Queries) error {
	for _, gate := range g.gates {
		for _, lane := range []struct {
			code      string
			direction parking.Direction
		}{{"1", parking.In}, {"2", parking.Out}} {
			err := q.AddLane(ctx, cloudsql.AddLaneParams{
				TenantID: g.tenant, SiteID: g.site, GateCode: gate.Code, Code: lane.code, Direction: string(lane.direction),
				Class: string(parking.Car), Barrier: true, Cameras: []byte(`[{"role":"plate"},{"role":"overview"}]`),
			})
			if err != nil {
				return fmt.Errorf("add a lane: %w", err)
			}
		}
	}
	return nil
}

func (g *plot) addPeople(ctx context.Context, q *cloudsql.Queries, made []hashed) error {
	for _, m := range made {
		id := uuid.New()
		err := q.AddUser(ctx, cloudsql.AddUserParams{
			TenantID: g.tenant, ID: id, Name: m.Name, Display: m.Display, PasswordHash: m.hash, Language: "vi", CreatedAt: g.now,
		})
		if err != nil {
			return fmt.Errorf("add %s: %w", m.Name, err)
		}
		if err := q.SetRole(ctx, cloudsql.SetRoleParams{TenantID: g.tenant, SiteID: g.site, UserID: id, Role: m.Role}); err != nil {
			return fmt.Errorf("give %s a role: %w", m.Name, err)
		}
	}
	return nil
}

// passwordSyllables are easy to read aloud and to type: 16 consonants by 5
// vowels make 6 bits and a third each.
const (
	consonants = "bcdghklmnprstvxz"
	vowels     = "aeiou"
)

// NewPassword makes a random password that people can read: four groups of
// two syllables and a digit group, "toka-vume-hiri-paso-47", 57 bits.
func NewPassword() string {
	var groups []string
	for range 4 {
		var b strings.Builder
		for range 2 {
			b.WriteByte(consonants[random(len(consonants))])
			b.WriteByte(vowels[random(len(vowels))])
		}
		groups = append(groups, b.String())
	}
	return strings.Join(groups, "-") + fmt.Sprintf("-%02d", random(100))
}

func random(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("no randomness: " + err.Error()) // the system's source never fails
	}
	return int(v.Int64())
}
