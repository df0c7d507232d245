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
		if s.in == nil || s.voided() || s.inBody.Pass == "" {
			continue
		}
		byPass[s.inBody.Pass] = append(byPass[s.inBody.Pass], s)
		if v := newest(all, s.inBody.Pass, s.inAt); v == nil || !covers(v.body, s) {
			out = append(out, naiveConflict{kind: "pass_over", at: s.inAt, facts: []uuid.UUID{s.in.ID}, stays: []uuid.UUID{s.id}})
		}
	}
	for pass, of := range byPass {
		out = append(out, places(all, pass, of)...)
	}
	return out
}

func covers(p *parking.PassVersion, s *naiveStay) bool {
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
