package parking_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

func TestSignsOfFacts(t *testing.T) {
	t.Parallel()
	now, mine, other := time.Now(), uuid.New(), uuid.New()
	lines := func(codes ...parking.LineCode) parking.Charge {
		var c parking.Charge
		for _, code := range codes {
			c.Lines = append(c.Lines, parking.Line{Code: code})
		}
		return c
	}
	for name, c := range map[string]struct {
		body any
		want []string
	}{
		"opened for a stay":  {&parking.BarrierOpened{Cause: "stay"}, nil},
		"opened by hand":     {&parking.BarrierOpened{Cause: "by_hand"}, []string{parking.SignByHand}},
		"an entry":           {&parking.VehicleIn{}, nil},
		"an entry on paper":  {&parking.VehicleIn{TypedAt: &now}, []string{parking.SignPaper}},
		"found by a walk":    {&parking.VehicleIn{Walk: &other}, []string{parking.SignWalk}},
		"an exit":            {&parking.VehicleOut{Stay: mine, Charge: lines(parking.LineBlockFirst)}, nil},
		"the first of two":   {&parking.VehicleOut{Stay: mine, Candidates: []parking.Candidate{{Stay: mine}, {Stay: other}}}, nil},
		"the second of two":  {&parking.VehicleOut{Stay: mine, Candidates: []parking.Candidate{{Stay: other}, {Stay: mine}}}, []string{parking.SignPick}},
		"free for shortness": {&parking.VehicleOut{Stay: mine, Charge: lines(parking.LineFree)}, []string{parking.SignGrace}},
		"everything at once": {
			&parking.VehicleOut{Stay: mine, TypedAt: &now, Candidates: []parking.Candidate{{Stay: other}}, Charge: lines(parking.LineFree, parking.LineDiscount)},
			[]string{parking.SignPick, parking.SignDiscount, parking.SignGrace, parking.SignPaper},
		},
		"something else": {&parking.PaymentTaken{}, nil},
	} {
		if got := parking.SignsOf(c.body); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
