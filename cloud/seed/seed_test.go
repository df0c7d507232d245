package seed_test

import (
	"log/slog"
	"regexp"
	"testing"
	"time"

	"gatehouse/cloud/auth"
	"gatehouse/cloud/seed"
	"gatehouse/cloud/store"
	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

func TestSeed(t *testing.T) {
	t.Parallel()
	s := cloudtest.NewSite(t, nil)
	cfg, err := store.SiteConfig(t.Context(), s.Store.Q, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	slots, err := store.Slots(t.Context(), s.Store.Q, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Gates) != 4 || len(cfg.Lanes) != 8 || len(cfg.Zones) != 5 || len(slots) != 60 {
		t.Fatalf("%d gates, %d lanes, %d zones, %d slots", len(cfg.Gates), len(cfg.Lanes), len(cfg.Zones), len(slots))
	}
	at := map[string]parking.Slot{}
	for _, slot := range slots {
		at[slot.Code] = slot
		if want := parking.HomeGate(slot.At, cfg.Gates); slot.Home != want {
			t.Errorf("%s has home %s, want %s", slot.Code, slot.Home, want)
		}
	}
	for code, want := range map[string]parking.Point{"N01": {X: -7, Y: 7}, "S15": {X: 7, Y: -7}, "E01": {X: 7, Y: -7}, "W08": {X: -7, Y: 0}} {
		if at[code].At != want {
			t.Errorf("%s at %v, want %v", code, at[code].At, want)
		}
	}
	// N01 is as far from W as from N: the tie goes by the code.
	if at["N01"].Home != "N" || at["N08"].Home != "N" || at["W08"].Home != "W" {
		t.Errorf("homes %s %s %s", at["N01"].Home, at["N08"].Home, at["W08"].Home)
	}
	if err := cfg.Tariff.Validate(); err != nil {
		t.Error(err)
	}
	readable := regexp.MustCompile(`^([a-z]{4}-){4}\d\d$`)
	passwords := map[string]bool{}
	for _, m := range s.People {
		if !readable.MatchString(m.Password) {
			t.Errorf("password %q", m.Password)
		}
		passwords[m.Password] = true
		if _, p, _, err := s.Auth.Login(t.Context(), s.Code, m.Name, m.Password, auth.APIToken); err != nil || p.Role != m.Role {
			t.Errorf("%s cannot sign in as %s: %v", m.Name, m.Role, err)
		}
	}
	if len(passwords) != 5 {
		t.Errorf("%d passwords", len(passwords))
	}
	again, err := seed.Seed(t.Context(), s.Store, s.Auth, time.Now())
	if err != nil || !again.Already || len(again.Users) != 0 || again.Site != s.ID {
		t.Errorf("again: %+v %v", again, err)
	}
}

// A site for a simulation has as many gates as asked for, each with its zone
// and its slots around it.
func TestMoreGates(t *testing.T) {
	t.Parallel()
	url := privatetest.Database(t, store.Migrate)
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	people := auth.New(auth.Config{Store: s, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	for _, wrong := range []int{0, -1, seed.MaxGates + 1} {
		if _, err := seed.WithGates(t.Context(), s, people, time.Now(), wrong); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%d gates: %v", wrong, err)
		}
	}
	made, err := seed.WithGates(t.Context(), s, people, time.Now(), 6)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := store.SiteConfig(t.Context(), s.Q, made.Site)
	if err != nil {
		t.Fatal(err)
	}
	slots, err := store.Slots(t.Context(), s.Q, made.Site)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Gates) != 6 || len(cfg.Lanes) != 12 || len(cfg.Zones) != 7 || len(slots) != 90 {
		t.Fatalf("%d gates, %d lanes, %d zones, %d slots", len(cfg.Gates), len(cfg.Lanes), len(cfg.Zones), len(slots))
	}
	for _, slot := range slots {
		if slot.Code == "N208" && (slot.At != parking.Point{X: 0, Y: 17} || slot.Home != "N2") {
			t.Errorf("N208 lies at %v with home %s", slot.At, slot.Home)
		}
	}
}
