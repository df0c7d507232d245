package ingest_test

import (
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/parking"
)

// contradictions puts one of each kind into the tale, with slots, plates,
// tokens and passes that nothing else uses, and hours between, so that no
// clock hides them. Those of clocks and branches are written at the end.
func (h *tale) contradictions() {
	first := h.car(1, "51A00001", "W01", nil) // slot_twice
	second := h.car(60, "51A00002", "W01", nil)
	h.reopened = conflictID("slot_twice", first.fact, second.fact)
	h.settlement(61, h.reopened, "slot_twice", first.fact, second.fact)
	h.steady(h.hour(63), h.rng.IntN(3), parking.KindTokenLost, parking.TokenLost{Stay: second.stay, Reason: "test"})

	first = h.car(2, "51A00003", "W02", nil) // plate_inside
	second = h.car(50, "51A00003", "W03", nil)
	h.settled = conflictID("plate_inside", first.fact, second.fact)
	h.settlement(52, h.settled, "plate_inside", second.fact, first.fact)

	h.car(3, "51A00004", "Z99", nil) // slot_invalid: there is none
	h.cloudSays(2, parking.KindSlot, parking.SlotVersion{Slot: "W05", OutOfService: true, From: h.hour(2)})
	h.car(4, "51A00005", "W05", nil) // slot_invalid: out of service
	h.cloudSays(40, parking.KindSlot, parking.SlotVersion{Slot: "W05", From: h.hour(20)})

	typed := h.hour(5) // paper
	h.car(25, "51A00015", "", func(b *parking.VehicleIn) { b.TypedAt = &typed })

	h.exit(30, h.id(), "51A00006", "", 1000)    // exit_unknown
	p := h.car(4, "51A00007", "W04", nil)       // exit_twice, fee_differs
	h.exit(8, p.stay, "51A00007", "", 1)        // nothing costs one dong
	h.exit(70, p.stay, "51A00007", "", 100_000) //

	h.car(5, "51A00008", "W06", func(b *parking.VehicleIn) { b.Token = "T1" }) // token_twice
	h.car(40, "51A00009", "W07", func(b *parking.VehicleIn) { b.Token = "T1" })
	p = h.car(6, "51A00010", "W08", func(b *parking.VehicleIn) { b.Token = "T2" }) // token_mismatch
	h.car(7, "51A00011", "W09", func(b *parking.VehicleIn) { b.Token = "T3" })
	h.exit(20, p.stay, "51A00011", "T2", 5000)

	h.car(9, "51A00012", "W10", func(b *parking.VehicleIn) { b.Pass = "P8" }) // pass_over: nobody knows it
	h.cloudSays(1, parking.KindPass, parking.PassVersion{
		Pass: "P9", Places: 1, Begins: h.hour(-24), Ends: h.hour(500), From: h.hour(-24),
	})
	h.car(10, "51A00013", "W11", func(b *parking.VehicleIn) { b.Pass = "P9" }) // pass_places
	h.car(45, "51A00014", "W12", func(b *parking.VehicleIn) { b.Pass = "P9" })

	h.passes()

	h.cloudSays(0, parking.KindRight, parking.RightVersion{Name: "tam", Role: "guard", From: h.hour(-1)}) // rights
	h.cloudSays(35, parking.KindRight, parking.RightVersion{Name: "tam", From: h.hour(20)})
	for _, hours := range []int{10, 30} {
		h.steady(h.hour(hours), h.rng.IntN(3), parking.KindAlive, struct{}{})
		h.events[len(h.events)-1].actor = "tam"
	}

	h.exits()
	h.garbage()
}

// passes are stays that were priced by a pass which was suspended and renewed
// while they were inside, and by one that followed it.
func (h *tale) passes() {
	say := func(hours int, pass string, ends int, more func(*parking.PassVersion)) {
		v := parking.PassVersion{Pass: pass, Plates: []parking.Plate{"51A00016", "51A00017", "51A00018"}, Places: 9, Begins: h.hour(-24), Ends: h.hour(ends), From: h.hour(hours)}
		if more != nil {
			more(&v)
		}
		h.cloudSays(hours, parking.KindPass, v)
	}
	say(0, "P7", 15, nil)
	say(12, "P7", 15, func(v *parking.PassVersion) { v.Suspended = true })
	say(14, "P7", 18, nil) // renewed
	say(1, "P6", 30, func(v *parking.PassVersion) { v.Begins = h.hour(18) })
	say(24, "P6", 22, func(v *parking.PassVersion) { v.Begins = h.hour(18) }) // shortened
	out := func(in, hours int, stay uuid.UUID, fee parking.Money, follows ...string) {
		h.steady(h.hour(hours), h.rng.IntN(3), parking.KindVehicleOut, parking.VehicleOut{
			Stay: stay, Lane: "2", Class: parking.Car, Charge: parking.Charge{
				Fee: fee, Currency: "VND", In: h.hour(in), Out: h.hour(hours), Tariff: "default", TariffV: 1,
				Lines: []parking.Line{{Code: parking.LinePass}, {Code: parking.LineBlockFirst, Amount: fee}}, Follows: follows,
			},
		})
	}
	on := func(b *parking.VehicleIn) { b.Pass = "P7" }
	p := h.car(3, "51A00016", "W16", on)
	out(3, 11, p.stay, 0) // covered
	p = h.car(4, "51A00016", "W17", on)
	out(4, 13, p.stay, 5000) // suspended an hour ago
	p = h.car(5, "51A00017", "W18", on)
	out(5, 17, p.stay, 0) // renewed
	p = h.car(6, "51A00017", "W19", on)
	out(6, 21, p.stay, 0, "P6") // followed
	p = h.car(7, "51A00018", "W20", on)
	out(7, 26, p.stay, 5000, "P6") // followed, which was shortened
	// Its plate was read late, and with it its pass.
	p = h.car(8, "", "W21", nil)
	pass := "P7"
	h.steady(h.hour(9), h.rng.IntN(3), parking.KindPlateCorrected, parking.PlateCorrected{Stay: p.stay, Plate: "51A00019", Pass: &pass})
	out(8, 16, p.stay, 0)
}

// exits are one that finds its entry by itself and one that a person matches.
func (h *tale) exits() {
	in, exit := h.car(13, "51A00020", "W13", nil), h.id()
	h.exit(33, exit, "51A00020", "", 5000)
	h.matched[exit] = in.stay
	in, exit = h.car(14, "51A00021", "W14", nil), h.id()
	h.exit(34, exit, "51A00022", "", 5000)
	h.matched[exit] = in.stay
	h.cloudSays(36, parking.KindExitMatched, parking.ExitMatched{Stay: in.stay, Exit: exit})
}

// garbage is what no program of today can read.
func (h *tale) garbage() {
	h.steady(h.hour(11), h.rng.IntN(3), parking.KindAlive, struct{}{})
	h.events[len(h.events)-1].spoilt = noJSON
	h.steady(h.hour(12), h.rng.IntN(3), "bell_rung", map[string]int{"times": 3})
	h.steady(h.hour(12), h.rng.IntN(3), parking.KindRight, parking.RightVersion{Name: "tam", From: h.hour(0)})
	h.steady(h.hour(13), h.rng.IntN(3), parking.KindVehicleIn, parking.VehicleIn{Stay: h.id(), Lane: "1"})
	h.steady(h.hour(14), h.rng.IntN(3), parking.KindAlive, struct{}{})
	h.events[len(h.events)-1].spoilt = ofAnotherID
}

// hour is a moment within the first third of an hour of the tale.
func (h *tale) hour(n int) time.Time {
	return cloudtest.Noon.Add(time.Duration(n)*time.Hour + time.Duration(h.rng.IntN(20*60*1000))*time.Millisecond)
}

// car is an IN at a gate.
func (h *tale) car(hours int, plate parking.Plate, slot string, more func(*parking.VehicleIn)) passage {
	b := parking.VehicleIn{
		Stay: h.id(), Lane: "1", Class: parking.Car, Plate: plate, Display: string(plate), Zone: "W", Slot: slot,
		Tariff: "default", TariffV: 1,
	}
	if more != nil {
		more(&b)
	}
	return passage{h.steady(h.hour(hours), h.rng.IntN(3), parking.KindVehicleIn, b), b.Stay}
}

// exit is an OUT at a gate.
func (h *tale) exit(hours int, stay uuid.UUID, plate parking.Plate, token string, fee parking.Money) {
	h.steady(h.hour(hours), h.rng.IntN(3), parking.KindVehicleOut, parking.VehicleOut{
		Stay: stay, Lane: "2", Class: parking.Car, Plate: plate, Token: token,
		Charge: parking.Charge{Fee: fee, Currency: "VND", In: h.hour(hours - 2), Out: h.hour(hours), Tariff: "default", TariffV: 1},
	})
}

// cloudSays adds a fact of the cloud's own.
func (h *tale) cloudSays(hours int, kind parking.Kind, body any) {
	h.steady(h.hour(hours), cloud, kind, body)
}

func (h *tale) settlement(hours int, conflict, kind string, saw ...uuid.UUID) {
	h.cloudSays(hours, parking.KindConflictSettled, parking.ConflictSettled{Conflict: conflict, Kind: kind, How: "accept", Saw: saw})
}
