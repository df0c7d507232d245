package ingest_test

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// naiveHeld is an item as it was counted: a fact, or raw in quarantine.
type naiveHeld struct {
	naiveItem
	counted uuid.UUID  // the id under which it was counted
	fact    *naiveFact // nil in quarantine
	at      time.Time  // in quarantine: of the envelope, if that can be read
}

// held reads the items. What is not readable, or not what its batch says, or
// not a gate's to write, is in quarantine.
func (n *naive) held(items []naiveItem) []naiveHeld {
	var out []naiveHeld
	for _, it := range items {
		h := naiveHeld{naiveItem: it, at: time.Unix(0, 0).UTC()}
		f, err := parking.DecodeFact(it.raw)
		if err == nil {
			f.At = parking.BusinessTime(f.At)
			h.at = f.At
		}
		var body any
		if err == nil {
			body, err = parking.DecodeBody(f)
		}
		as := f.ID == it.id && f.Site == n.site && f.Gate == it.gate && f.Epoch == it.epoch && f.Seq == it.seq
		if err != nil || !as || (parking.CloudOnly(f.Kind) && f.Gate != "cloud") {
			h.counted = quarantineID(n.site, it)
		} else {
			h.counted, h.fact = f.ID, &naiveFact{Fact: f, written: f.At, body: body, stay: parking.StayOf(f)}
		}
		out = append(out, h)
	}
	return out
}

// quarantineID is the id under which a quarantined item is counted.
func quarantineID(site uuid.UUID, it naiveItem) uuid.UUID {
	space := uuid.MustParse("6f1d5b1e-4f7a-5d0c-9f53-0a6d3c7a9b11")
	return uuid.NewSHA1(space, fmt.Appendf(nil, "%s %s %s %d %x", site, it.gate, it.epoch, it.seq, sha256.Sum256(it.raw)))
}

func unreadable(items []naiveHeld) []naiveConflict {
	var out []naiveConflict
	for _, h := range items {
		if h.fact == nil {
			out = append(out, naiveConflict{kind: "unreadable", at: h.at, facts: []uuid.UUID{h.counted}})
		}
	}
	return out
}
