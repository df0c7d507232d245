package ingest_test

import (
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// act is when, where and on what something of the disorder happens.
type act struct {
	at            time.Time
	gate          int
	stay, payment uuid.UUID
	plate         parking.Plate
	class         parking.Class
	zone, slot    string
	token         string
}

// disorder adds acts on a few stays, slots, plates, tokens, passes and
// payments, by any gate at any moment: more than real gates make, so that
// every rule meets every other.
func (h *tale) disorder(n int) {
	var stays []uuid.UUID
	for range one(h, 5, 9, 18) {
		stays = append(stays, h.id())
	}
	payments := []uuid.UUID{h.id(), h.id(), h.id(), h.id(), h.id()}
	plates := one(h, []parking.Plate{"30A12345", "30A12345", "30A12346", ""},
		[]parking.Plate{"30A12341", "30A12342", "30A12343", "30A12344", "30A12345", "30A12346", ""})
	span := one(h, 40, 6*60, 72*60) // minutes
	// Each tale is mostly about something else.
	passages, changes, money, byCloud := one(h, 6, 16), one(h, 1, 4, 12), one(h, 1, 4, 12), one(h, 1, 4, 12)
	for range n {
		a := act{
			at: cloudtest.Noon.Add(h.minutes(span)), gate: h.rng.IntN(3), stay: one(h, stays...), payment: one(h, payments...),
			plate: one(h, plates...),
			class: one(h, parking.Car, parking.Car, parking.Car, parking.Motorbike),
			zone:  one(h, "N", "S", "M"), slot: one(h, "N01", "N01", "N02", "S01", "S02", "Z98", ""),
			token: one(h, "", "0042", "0043"),
		}
		switch k := h.rng.IntN(passages + changes + money + byCloud); {
		case k < passages:
			h.passageAct(a)
		case k < passages+changes:
			h.stayAct(a)
		case k < passages+changes+money:
			h.moneyAct(a)
		default:
			h.cloudAct(a, stays)
		}
	}
}

// passageAct is an IN or an OUT.
func (h *tale) passageAct(a act) {
	if h.rng.IntN(8) < 5 {
		in := parking.VehicleIn{
			Stay: a.stay, Lane: "1", Class: a.class, Plate: a.plate, Display: string(a.plate), Token: a.token, Zone: a.zone,
			Slot: a.slot, Tariff: "default", TariffV: one(h, 1, 1, 1, 7), Pass: one(h, "", "P1"),
		}
		if h.rng.IntN(6) == 0 { // from a paper ticket
			typed := a.at.Add(-h.minutes(300) + 1234*time.Microsecond)
			in.TypedAt = &typed
		}
		h.passages = append(h.passages, passage{h.add(a.at, a.gate, parking.KindVehicleIn, in), a.stay})
		return
	}
	if h.rng.IntN(3) == 0 {
		a.stay = h.id() // no stay was found
	}
	fee := one[parking.Money](h, 0, 5000, 8000, 11000)
	charge := parking.Charge{
		Fee: fee, Due: fee, Currency: "VND", In: a.at.Add(-h.minutes(200)), Out: a.at, Tariff: "default", TariffV: 1,
	}
	if h.rng.IntN(5) == 0 {
		charge.Lines = []parking.Line{{Code: parking.LineLostTicket, Amount: fee}}
	}
	body := parking.VehicleOut{Stay: a.stay, Lane: "2", Class: a.class, Plate: a.plate, Token: a.token, Charge: charge}
	if h.rng.IntN(6) == 0 {
		typed := a.at.Add(-h.minutes(200) + 1234*time.Microsecond)
		body.TypedAt = &typed
	}
	out := h.add(a.at, a.gate, parking.KindVehicleOut, body)
	h.passages = append(h.passages, passage{out, a.stay})
}

// stayAct changes a stay at a gate.
func (h *tale) stayAct(a act) {
	switch h.rng.IntN(11) {
	case 0:
		h.add(a.at, a.gate, parking.KindPlateCorrected, parking.PlateCorrected{Stay: a.stay, Plate: a.plate, Display: string(a.plate)})
	case 1:
		said := one(h, "", "P1")
		h.add(a.at, a.gate, parking.KindClassCorrected, parking.ClassCorrected{Stay: a.stay, Class: a.class, Pass: one(h, nil, &said)})
	case 2, 3, 4:
		h.add(a.at, a.gate, parking.KindSlotChanged, parking.SlotChanged{Stay: a.stay, Zone: a.zone, Slot: a.slot})
	case 5:
		h.add(a.at, a.gate, parking.KindStayVoided, parking.StayVoided{Stay: a.stay, Reason: "test"})
	case 6:
		h.otherAct(a)
	case 7:
		h.add(a.at, a.gate, parking.KindTokenLost, parking.TokenLost{Stay: a.stay, Token: a.token, Reason: "test"})
	default:
		if len(h.passages) == 0 {
			return
		}
		of := one(h, h.passages...)
		h.add(a.at, a.gate, parking.KindVehicleBackedOut, parking.VehicleBackedOut{
			Stay: one(h, of.stay, of.stay, of.stay, a.stay), Lane: "1", Of: of.fact,
		})
	}
}

// otherAct changes no stay, even where it names one.
func (h *tale) otherAct(a act) {
	switch h.rng.IntN(8) {
	case 0:
		h.add(a.at, a.gate, parking.KindAlive, struct{}{})
	case 1, 2:
		h.add(a.at, a.gate, parking.KindBarrierOpened, parking.BarrierOpened{Lane: "1", Cause: "stay", Stay: &a.stay})
	case 3:
		h.add(a.at, a.gate, parking.KindBarrierFailed, parking.BarrierFailed{Lane: "1", Stay: &a.stay, Reason: "test"})
	case 4:
		h.add(a.at, a.gate, parking.KindLanePassage, parking.LanePassage{Lane: "1", Source: "loop", Stay: &a.stay})
	case 5:
		h.add(a.at, a.gate, parking.KindLaneChanged, parking.LaneChanged{Lane: "1", Direction: one(h, parking.In, parking.Out)})
	case 6:
		h.add(a.at, a.gate, parking.KindInventoryTaken, parking.InventoryTaken{
			Walk: h.id(), Zone: a.zone, Found: []parking.FoundInventory{{Plate: a.plate, Class: a.class, Slot: a.slot}},
		})
	default:
		h.add(a.at, a.gate, parking.KindReadRejected, parking.ReadRejected{Lane: "1", Reason: "test"})
		h.add(a.at, a.gate, parking.KindMessageRead, parking.MessageRead{Message: someMessage})
	}
}

// cloudAct is something that only the cloud writes, or that it writes too.
func (h *tale) cloudAct(a act, stays []uuid.UUID) {
	from := a.at.Add(h.minutes(240) - 2*time.Hour + 1234*time.Microsecond)
	switch h.rng.IntN(12) {
	case 0, 1:
		h.add(a.at, cloud, parking.KindStayPlaced, parking.StayPlaced{Stay: a.stay, Zone: a.zone, Slot: a.slot})
	case 2, 3, 4:
		exit := one(h, stays...)
		if len(h.passages) > 0 && h.rng.IntN(4) > 0 {
			exit = one(h, h.passages...).stay
		}
		if exit != a.stay {
			h.add(a.at, cloud, parking.KindExitMatched, parking.ExitMatched{Stay: a.stay, Exit: exit})
		}
	case 5, 6:
		h.add(a.at, cloud, parking.KindSlot, parking.SlotVersion{Slot: one(h, "N01", "N02", "S01"), OutOfService: h.rng.IntN(2) == 0, From: from})
	case 7, 8:
		p := parking.PassVersion{
			Pass: "P1", Places: 1 + h.rng.IntN(2), Begins: from.Add(-h.minutes(3000)), Ends: from.Add(h.minutes(3000)),
			Suspended: h.rng.IntN(6) == 0, From: from, Class: one(h, "", "", a.class), Zone: one(h, "", "", a.zone),
		}
		if h.rng.IntN(2) == 0 {
			p.Plates = []parking.Plate{"30A12345", "30A12347"}
		}
		h.add(a.at, cloud, parking.KindPass, p)
	case 9:
		h.add(a.at, cloud, parking.KindRight, parking.RightVersion{Name: one(h, "minh", "ngoc"), Role: one(h, "", "guard", "guard"), From: from})
	case 10:
		h.add(a.at, cloud, parking.KindToken, parking.TokenVersion{Token: "0042", Type: "card", State: one(h, "issued", "lost"), From: from})
	default:
		h.add(a.at, cloud, parking.KindPlateCorrected, parking.PlateCorrected{Stay: a.stay, Plate: a.plate, Display: string(a.plate)})
		h.add(a.at, cloud, parking.KindBlock, parking.BlockVersion{Plate: "30A12345", Blocked: h.rng.IntN(2) == 0, From: from})
		h.add(a.at, cloud, parking.KindMessage, parking.MessageVersion{Message: someMessage, Text: "test", By: "minh", From: from})
	}
}

// someMessage is a message of an administrator that facts of the tests are about.
var someMessage = uuid.MustParse("018f0000-0000-7000-8000-000000000031")
