package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// careView is a site where a vehicle with a pass comes in and one leaves.
func careView(change func(in, out *lane.Subject)) lane.View {
	v := idleView()
	at := subjectIn("51F44210", "51F-442.10")
	stay := stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour))
	out := subjectOut(stay)
	change(at, out)
	v.Lanes[0].Subject, v.Lanes[1].Subject = at, out
	return v
}

func subjectIn(plate parking.Plate, display string) *lane.Subject {
	return &lane.Subject{
		ID: subjectID(0xa1), Stage: lane.Offered, ArrivedAt: fakeNow, Plate: plate, Display: display, Typed: true, Class: parking.Car,
		Zone: "N", Slot: "N03", Metres: 12, Chosen: -1,
	}
}

func subjectOut(stay parking.Stay) *lane.Subject {
	pass := &lane.PassView{Code: "T-0021", State: parking.PassCovers, DaysLeft: 3, Places: 1}
	quote := parking.Quote{Currency: "VND", Minutes: 300, Lines: []parking.Line{{
		Code: parking.LinePass, Text: parking.Text{En: "Pass T-0021 covers the whole stay", Vi: "Vé T-0021 trả cho cả lượt gửi"},
	}}}
	return &lane.Subject{
		ID: subjectID(0xa2), Stage: lane.Offered, ArrivedAt: fakeNow, Plate: stay.Plate, Display: stay.Display, Typed: true, Class: stay.Class,
		Matches: []lane.Match{{Stay: stay, Quote: quote, Pass: pass}}, PricedAt: fakeNow,
	}
}

func TestGoldensOfPasses(t *testing.T) {
	t.Parallel()
	ends := fakeNow.Add(3 * 24 * time.Hour)
	cases := []struct {
		name   string
		change func(in, out *lane.Subject)
		keys   []string
	}{
		{"pass", func(in, _ *lane.Subject) {
			in.Pass = &lane.PassView{Code: "T-0007", State: parking.PassCovers, Ends: ends, DaysLeft: 3, Places: 2, Inside: []string{"30A-123.45"}}
		}, nil},
		{"pass_no_place", func(in, out *lane.Subject) {
			in.Pass = &lane.PassView{Code: "T-0007", State: parking.PassNoPlace, Ends: ends, DaysLeft: 3, Places: 1, Inside: []string{"30A-123.45"}}
			out.Matches[0].Pass = &lane.PassView{Code: "T-0021", State: parking.PassEnded, Ends: fakeNow.Add(-time.Hour)}
		}, nil},
		{"blocked", func(in, out *lane.Subject) {
			in.Listed = &lane.ListedView{Blocked: true, Note: "Nợ 200.000 ₫"}
			in.NeedsWord = "51F-442.10 is on the block list: Nợ 200.000 ₫. Give a reason to let it through."
			out.Listed = &lane.ListedView{Note: "Khách của chủ bãi"}
		}, nil},
		{"blocked_word", func(in, _ *lane.Subject) {
			in.Listed = &lane.ListedView{Blocked: true, Note: "Nợ 200.000 ₫"}
			in.NeedsWord = "51F-442.10 is on the block list: Nợ 200.000 ₫. Give a reason to let it through."
		}, []string{"space"}},
		{"bad_card", func(in, out *lane.Subject) {
			in.Token, in.Card = "0042", "unknown"
			in.NeedsWord = "This card is not in the site's list. Take another card, or give a reason."
			out.Token, out.Card, out.Chosen = "0043", "blocked", -1
			out.Matches[0].ByToken = true
			out.Warnings = []string{"Compare the pictures and pick the vehicle."}
		}, nil},
	}
	for _, c := range cases {
		everySize(t, func(t *testing.T, suffix, language string, size Size) {
			name := c.name + suffix
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m, _, clock := console(careView(c.change), size.Width, size.Height, func(o *Options) { o.Language = language })
				press(m, clock, c.keys...)
				checkGolden(t, name, m, size.Width, size.Height)
			})
		})
	}
}

// The act key of a vehicle that a list is against asks for a reason, and lets
// nobody through.
func TestAllow(t *testing.T) {
	t.Parallel()
	m, d, clock := console(careView(func(in, _ *lane.Subject) {
		in.NeedsWord = "51F-442.10 is on the block list: owes. Give a reason to let it through."
	}), 80, 24, english)
	press(m, clock, "space", "enter")
	if len(d.calls) != 0 || !strings.Contains(ansi.Strip(m.frame()), "block list") {
		t.Fatalf("without a reason: %q", d.calls)
	}
	press(m, clock, typed("paid")...)
	press(m, clock, "enter")
	if len(d.calls) != 1 || !strings.HasPrefix(d.calls[0], "allow 1 ") || !strings.HasSuffix(d.calls[0], " paid") {
		t.Fatalf("done: %q", d.calls)
	}
}
