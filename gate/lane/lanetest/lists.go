package lanetest

import (
	"encoding/json"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Lists lets the gate hear what the cloud has written of passes, cards, the
// block list and messages: bodies of facts, as of now where they do not say from when on.
func (b *Bench) Lists(bodies ...any) {
	b.T.Helper()
	now := parking.BusinessTime(b.State.Clock().Now())
	site := b.State.Site()
	head := site.Lists.Mark()
	page := wire.Lists{Incarnation: site.Incarnation, Next: wire.ListMark{Epoch: "000001-0000000000000001", Seq: head.Seq}}
	for _, body := range bodies {
		kind := parking.KindPass
		switch v := body.(type) {
		case *parking.PassVersion:
			if v.From.IsZero() {
				v.From = now
			}
		case *parking.TokenVersion:
			kind, v.From, v.Type = parking.KindToken, now, "card"
		case *parking.BlockVersion:
			kind, v.From = parking.KindBlock, now
		case *parking.MessageVersion:
			if kind = parking.KindMessage; v.From.IsZero() {
				v.From = now
			}
		}
		raw, err := json.Marshal(body)
		if err != nil {
			b.T.Fatal(err)
		}
		page.Next.Seq++
		page.Versions = append(page.Versions, wire.ListVersion{ListMark: page.Next, Kind: kind, At: now, Body: raw})
	}
	if err := b.State.ApplyLists(b.T.Context(), head, page); err != nil {
		b.T.Fatal(err)
	}
}
