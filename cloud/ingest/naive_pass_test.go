package ingest_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// passes finds stays that named a pass which did not cover them, and stays
// that came when all places of their pass were taken.
func passes(a *naiveAnswer) []naiveConflict {
	all := versionsOf(a.facts, func(v *parking.PassVersion) (string, time.Time) { return v.Pass, v.From })
	byPass := map[string][]*naiveStay{}
	var out []naiveConflict
	for _, s := range a.stays {
		if s.in == nil || s.voided() || s.pass == "" {
			continue
		}
		byPass[s.pass] = append(byPass[s.pass], s)
		if v := newest(all, s.pass, s.inAt); v == nil || !passCovers(v.body, s) {
			out = append(out, naiveConflict{kind: "pass_over", at: s.inAt, facts: []uuid.UUID{s.in.ID}, stays: []uuid.UUID{s.id}})
		}
	}
	for pass, of := range byPass {
		out = append(out, places(all, pass, of)...)
	}
	return out
}

func passCovers(p *parking.PassVersion, s *naiveStay) bool {
	switch {
	case p.Suspended, s.inAt.Before(parking.BusinessTime(p.Begins)), !s.inAt.Before(parking.BusinessTime(p.Ends)):
		return false
	case len(p.Plates) > 0 && s.plate != "" && !slices.Contains(p.Plates, s.plate):
		return false
	case p.Class != "" && p.Class != s.class:
		return false
	}
	return p.Zone == "" || p.Zone == s.inBody.Zone
}

func places(all []naiveVersion[*parking.PassVersion], pass string, of []*naiveStay) []naiveConflict {
	slices.SortFunc(of, func(a, b *naiveStay) int { return cmp.Or(a.inAt.Compare(b.inAt), compareUUID(a.in.ID, b.in.ID)) })
	var holders []*naiveStay
	var out []naiveConflict
	for _, s := range of {
		v := newest(all, pass, s.inAt)
		if v == nil {
			continue
		}
		c := naiveConflict{kind: "pass_places", at: s.inAt}
		for _, h := range holders {
			if at, left := h.leftAt(); !left || at.After(s.inAt) {
				c.facts, c.stays = append(c.facts, h.in.ID), append(c.stays, h.id)
			}
		}
		if len(c.facts) < v.body.Places {
			holders = append(holders, s)
			continue
		}
		c.facts, c.stays = append(c.facts, s.in.ID), append(c.stays, s.id)
		out = append(out, c)
	}
	return out
}

// coverOf is what passes cover of a stay that was charged by one. Each version
// that is not suspended gives a period from its begin on, until its end or until
// the next took its place, whichever was earlier; of those only the ones that
// held by the time on the charge count, so that the last is not cut.
func coverOf(a *naiveAnswer, s *naiveStay) []parking.Period {
	if s.pass == "" {
		return nil
	}
	all := versionsOf(a.facts, func(v *parking.PassVersion) (string, time.Time) { return v.Pass, v.From })
	slices.SortStableFunc(all, func(x, y naiveVersion[*parking.PassVersion]) int { return x.from.Compare(y.from) })
	all = slices.DeleteFunc(all, func(v naiveVersion[*parking.PassVersion]) bool {
		return v.from.After(parking.BusinessTime(s.outBody.Charge.Out))
	})
	var periods []parking.Period
	for n, pass := range append([]string{s.pass}, s.outBody.Charge.Follows...) {
		var of []*parking.PassVersion
		for _, v := range all {
			if v.key == pass {
				of = append(of, v.body)
			}
		}
		if len(of) == 0 {
			continue
		}
		last := of[len(of)-1]
		if n > 0 && (!slices.Contains(last.Plates, s.plate) || last.Class != "" && last.Class != s.class || last.Zone != "" && last.Zone != s.inBody.Zone) {
			continue
		}
		for i, v := range of {
			from, until := parking.BusinessTime(v.Begins), parking.BusinessTime(v.Ends)
			if v != last {
				until = minTime(until, parking.BusinessTime(of[i+1].From))
			}
			if !v.Suspended && from.Before(until) {
				periods = append(periods, parking.Period{Name: pass, From: from, Until: until})
			}
		}
	}
	return periods
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
