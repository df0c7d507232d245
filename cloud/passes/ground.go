package passes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/cloud/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// ground is what a pass may name at its site.
type ground struct {
	config *wire.SiteConfig
	// days finds the midnights of the site.
	days parking.Tariff
}

func groundOf(ctx context.Context, t *store.SiteTx) (*ground, error) {
	config, err := store.SiteConfig(ctx, t.Q, t.Site)
	if err != nil {
		return nil, err
	}
	return &ground{config: config, days: parking.Tariff{Timezone: config.Timezone}}, nil
}

// version is what a pass says from now on, checked in whole sentences.
func (g *ground) version(in *Pass, now time.Time) (*parking.PassVersion, error) {
	in.Code = strings.TrimSpace(in.Code)
	if err := parking.ValidCode("pass", in.Code); err != nil {
		return nil, err
	}
	if err := in.Holder.check(); err != nil {
		return nil, err
	}
	v := &parking.PassVersion{
		Pass: in.Code, Class: in.Class, Zone: in.Zone, Places: in.Places, Suspended: in.Suspended, From: parking.BusinessTime(now),
	}
	if err := g.fits(v); err != nil {
		return nil, err
	}
	var err error
	if v.Plates, err = plates(in.Plates); err != nil {
		return nil, err
	}
	if v.Places < 1 || v.Places > len(v.Plates) {
		return nil, parking.Errorf(parking.Invalid, "A pass has at least one place, and no more than it has vehicles (%d).", len(v.Plates))
	}
	return v, g.time(in, v)
}

func (g *ground) fits(v *parking.PassVersion) error {
	if _, priced := g.config.Tariff.Classes[v.Class]; v.Class != "" && !priced {
		return parking.Errorf(parking.Invalid, "The tariff has no price for the class %q.", v.Class)
	}
	if v.Zone != "" && !slices.ContainsFunc(g.config.Zones, func(z parking.Zone) bool { return z.Code == v.Zone }) {
		return parking.Errorf(parking.Invalid, "This site has no zone %s.", v.Zone)
	}
	return nil
}

// time sets from when to when the pass holds: whole days of the site.
func (g *ground) time(in *Pass, v *parking.PassVersion) error {
	first, err := day(in.From)
	if err != nil {
		return err
	}
	last, err := day(in.Until)
	if err != nil {
		return err
	}
	if last < first {
		return parking.Errorf(parking.Invalid, "The last day of the pass lies before its first.")
	}
	begins, err := g.days.DayStart(first)
	if err != nil {
		return fmt.Errorf("begin of a day: %w", err)
	}
	ends, err := g.days.DayStart(last + 1)
	if err != nil {
		return fmt.Errorf("end of a day: %w", err)
	}
	v.Begins, v.Ends = begins.UTC(), ends.UTC()
	return nil
}

func day(text string) (parking.LocalDate, error) {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(text))
	if err != nil || t.Year() < 2000 || t.Year() > 2190 {
		return 0, parking.Errorf(parking.Invalid, "A day is written 2027-01-31.")
	}
	return parking.MakeLocalDate(t.Date()), nil
}

// Days are the first and the last day of a pass at its site.
func Days(v *parking.PassVersion, zone *time.Location) (from, until string) {
	return v.Begins.In(zone).Format(time.DateOnly), v.Ends.Add(-time.Second).In(zone).Format(time.DateOnly)
}

// plates reads what was typed, each plate once.
func plates(typed []string) ([]parking.Plate, error) {
	var out []parking.Plate
	for _, text := range typed {
		if strings.TrimSpace(text) == "" {
			continue
		}
		plate, err := parking.ParsePlate(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, plate) {
			out = append(out, plate)
		}
	}
	if len(out) == 0 || len(out) > parking.MaxPassPlates {
		return nil, parking.Errorf(parking.Invalid, "A pass names the plates of 1 to %d vehicles.", parking.MaxPassPlates)
	}
	return out, nil
}
