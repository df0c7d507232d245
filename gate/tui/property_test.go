package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
	"gatehouse/internal/look"
	"gatehouse/parking"
	"gatehouse/vision"
)

// nasty are texts that have broken screens: wide letters, marks without a
// letter, joined emoji, flags, right-to-left, terminal sequences, long words.
var nasty = []string{
	"", "30A-123.45", "Nguyễn Thị Ngọc Huyền", "漢字漢字漢字漢字漢字漢字漢字", "👨‍👩‍👧‍👦🏽", "🇻🇳🇻🇳", "e\u0301\u0302\u0303", "\u0301\u0301x",
	"שלום עולם", "\x1b[31mred\x1b[2J", "a\tb\nc\r", "\u202e30A\u202c", "ｆｕｌｌｗｉｄｔｈ", "각\u1100\u1161", "\xff\xfe", "☺️", "1️⃣",
	strings.Repeat("30A-123.45 ", 20), strings.Repeat("đ", 300), "\u200b\u200d\ufeff", "㍿﷽", "ก็ำ",
}

func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(nasty), rapid.StringN(0, 30, 120))
}

func anyMoney() *rapid.Generator[parking.Money] {
	return rapid.Custom(func(t *rapid.T) parking.Money {
		return parking.Money(rapid.OneOf(rapid.Int64Range(0, 1_000_000), rapid.Int64()).Draw(t, "money"))
	})
}

func anySubject(t *rapid.T) *lane.Subject {
	if rapid.Bool().Draw(t, "empty lane") {
		return nil
	}
	text, money := anyText(), anyMoney()
	s := &lane.Subject{
		ID: subjectID(rapid.Byte().Draw(t, "id")), Why: text.Draw(t, "why"), Plate: parking.Plate(text.Draw(t, "plate")),
		Stage:   rapid.SampledFrom([]lane.Stage{lane.Arrived, lane.Offered, lane.Paying, lane.Accepted, lane.Opened, lane.HasPassed, lane.Refused}).Draw(t, "stage"),
		Display: text.Draw(t, "display"), Typed: rapid.Bool().Draw(t, "typed"), Check: rapid.Bool().Draw(t, "check"), Again: rapid.Bool().Draw(t, "again"), Change: money.Draw(t, "change"), Class: parking.Class(text.Draw(t, "class")),
		Token: text.Draw(t, "token"), Warnings: rapid.SliceOfN(text, 0, 4).Draw(t, "warnings"), Zone: text.Draw(t, "zone"), Slot: text.Draw(t, "slot"),
		Metres: rapid.Float64().Draw(t, "metres"), MayBeGone: rapid.Bool().Draw(t, "gone"), Due: money.Draw(t, "due"),
		QR: text.Draw(t, "qr"), Reference: text.Draw(t, "reference"), Chosen: rapid.IntRange(-1, 6).Draw(t, "chosen"),
		Reading: vision.Reading{Outcome: rapid.SampledFrom([]vision.Outcome{"", vision.OutcomeRead, vision.OutcomeUnsure, vision.OutcomeNone}).Draw(t, "outcome"), Confidence: rapid.Float64().Draw(t, "confidence")},
	}
	if rapid.Bool().Draw(t, "accepted") {
		s.Stay = uuid.UUID{1}
	}
	for range rapid.IntRange(0, 6).Draw(t, "candidates") {
		s.Reading.Candidates = append(s.Reading.Candidates, vision.Candidate{Plate: parking.Plate(text.Draw(t, "candidate")), Confidence: 0.5})
	}
	for range rapid.IntRange(0, 6).Draw(t, "matches") {
		m := lane.Match{Distance: rapid.Float64Range(0, 5).Draw(t, "distance"), QuoteErr: rapid.SampledFrom([]string{"", "No tariff."}).Draw(t, "quote error")}
		m.Stay = stayOf(9, text.Draw(t, "stay plate"), text.Draw(t, "stay display"), fakeNow.Add(-time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "age"))))
		m.Stay.Slot = text.Draw(t, "stay slot")
		if rapid.Bool().Draw(t, "no entry") {
			m.Stay.InAt = nil
		}
		m.Quote.Fee, m.Quote.Due, m.Quote.Minutes = money.Draw(t, "fee"), money.Draw(t, "quote due"), rapid.Int().Draw(t, "minutes")
		for range rapid.IntRange(0, 4).Draw(t, "lines") {
			m.Quote.Lines = append(m.Quote.Lines, parking.Line{Amount: money.Draw(t, "amount"), Text: parking.Text{En: text.Draw(t, "en"), Vi: text.Draw(t, "vi")}})
		}
		s.Matches = append(s.Matches, m)
	}
	return s
}

func anyView(t *rapid.T) lane.View {
	text := anyText()
	v := lane.View{
		Now: fakeNow, SiteName: text.Draw(t, "site"), Gate: parking.Gate{Code: "N", Name: text.Draw(t, "gate")},
		Timezone: rapid.SampledFrom([]string{"", "Asia/Ho_Chi_Minh", "No/Where"}).Draw(t, "zone"), Currency: rapid.SampledFrom([]string{"", "VND", "USD", "XYZ"}).Draw(t, "currency"),
		Locked: rapid.Bool().Draw(t, "locked"), HasCard: rapid.Bool().Draw(t, "has a card"),
		Language: rapid.SampledFrom([]string{"vi", "en", ""}).Draw(t, "language"), Conflicts: rapid.IntRange(0, 1e6).Draw(t, "conflicts"), Unplaced: rapid.IntRange(0, 9).Draw(t, "unplaced"),
		Vision: lane.Worker{OK: rapid.Bool().Draw(t, "vision")}, Disk: lane.Worker{OK: rapid.Bool().Draw(t, "disk")},
	}
	v.Link = lane.Link{
		State: rapid.SampledFrom([]lane.LinkState{lane.Online, lane.Degraded, lane.Offline, ""}).Draw(t, "link"),
		RTT:   time.Duration(rapid.Int64().Draw(t, "rtt")), RTTs: rapid.SliceOfN(rapid.Int(), 0, 40).Draw(t, "rtts"), Queue: rapid.Int64().Draw(t, "queue"),
	}
	if rapid.IntRange(0, 9).Draw(t, "signed in") > 0 {
		v.Guard = &lane.Guard{Name: text.Draw(t, "name"), Display: text.Draw(t, "shown"), Role: text.Draw(t, "role")}
	}
	if rapid.Bool().Draw(t, "acted") {
		v.LastAct = &lane.LastAct{
			Kind: rapid.SampledFrom([]lane.ActKind{lane.ActIn, lane.ActTurn, ""}).Draw(t, "act"), Display: text.Draw(t, "of"),
			Why: rapid.SampledFrom([]string{"", "It stands."}).Draw(t, "why not"), Until: fakeNow.Add(time.Minute),
		}
	}
	for range rapid.IntRange(0, 7).Draw(t, "zones") {
		z := lane.ZoneView{Zone: parking.Zone{
			Code: text.Draw(t, "zone code"), Kind: rapid.SampledFrom([]parking.ZoneKind{parking.Numbered, parking.Counted}).Draw(t, "kind"),
			Capacity: map[parking.Class]int{parking.Class(text.Draw(t, "capacity of")): 7},
		}, Free: rapid.IntRange(-2, 99).Draw(t, "free"), Capacity: 9}
		for range rapid.IntRange(0, 40).Draw(t, "slots") {
			z.Slots = append(z.Slots, lane.SlotView{
				Plate: text.Draw(t, "in slot"), Suggested: rapid.Bool().Draw(t, "suggested"), HeldBy: text.Draw(t, "held"), MayBeGone: rapid.Bool().Draw(t, "may be gone"), LentTo: text.Draw(t, "lent to"),
				Slot: parking.Slot{
					Code: text.Draw(t, "slot code"), At: parking.Point{X: rapid.Float64().Draw(t, "x"), Y: rapid.Float64().Draw(t, "y")},
					State: rapid.SampledFrom([]parking.SlotState{parking.SlotFree, parking.SlotOccupied, parking.SlotOutOfService}).Draw(t, "state"),
				},
			})
		}
		v.Zones = append(v.Zones, z)
	}
	for range rapid.IntRange(0, 6).Draw(t, "lanes") {
		l := lane.LaneView{Subject: anySubject(t), Camera: lane.Worker{OK: rapid.Bool().Draw(t, "camera"), Why: text.Draw(t, "camera why")}}
		l.Lane = parking.Lane{Code: text.Draw(t, "lane"), Direction: rapid.SampledFrom([]parking.Direction{parking.In, parking.Out}).Draw(t, "dir"), Class: parking.Class(text.Draw(t, "lane class")), Barrier: rapid.Bool().Draw(t, "barrier")}
		l.Alarm, l.Missed, l.SeesPassages = rapid.SampledFrom(nasty).Draw(t, "alarm"), rapid.IntRange(0, 20).Draw(t, "missed"), rapid.Bool().Draw(t, "sees")
		for i := range rapid.IntRange(0, 3).Draw(t, "waiting") {
			l.Waiting = append(l.Waiting, lane.Waiting{ID: subjectID(byte(i)), Display: text.Draw(t, "behind")})
		}
		for i := range rapid.IntRange(0, 8).Draw(t, "aside") {
			l.Aside = append(l.Aside, lane.Aside{ID: subjectID(byte(i)), Display: text.Draw(t, "beside"), Due: anyMoney().Draw(t, "owes"), Paid: rapid.Bool().Draw(t, "has paid")})
		}
		v.Lanes = append(v.Lanes, l)
	}
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		v.Recent = append(v.Recent, lane.Event{At: fakeNow, Kind: rapid.SampledFrom([]parking.Kind{parking.KindVehicleIn, parking.KindVehicleOut, parking.KindStayVoided, parking.KindStarted, "\x1b["}).Draw(t, "event"), Display: text.Draw(t, "event plate"), Slot: text.Draw(t, "event slot"), Gate: text.Draw(t, "event gate"), Text: text.Draw(t, "event text"), Amount: anyMoney().Draw(t, "event amount")})
	}
	return v
}

// Whatever the desk shows and whatever is typed, a frame is exactly the size
// of the terminal and nothing panics.
func TestFrameAlwaysFits(t *testing.T) {
	t.Parallel()
	keys := []string{
		"space", "enter", "esc", "tab", "up", "down", "left", "right", "backspace", "f2", "f10", "ctrl+c", "n", "o", "e", "c", "s", "l", "t", "q", "m",
		"x", "/", "g", "p", "?", "1", "2", "5", "8", "đ", "漢", "👍", "v", "delete", "home", "a", "b", "r", "d", "u", "[", "]", ",", "ctrl+l",
	}
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 200).Draw(t, "w"), rapid.IntRange(1, 60).Draw(t, "h")
		if rapid.Bool().Draw(t, "usual size") {
			w, h = max(w, minWidth), max(h, minHeight)
		}
		m, d, clock := console(anyView(t), w, h, func(o *Options) {
			o.ASCII = rapid.Bool().Draw(t, "ascii")
			s := settings.Default()
			s.Theme = rapid.SampledFrom(look.Themes()).Draw(t, "theme")
			o.Settings = &s
		})
		d.stays = []parking.Stay{stayOf(1, "30A12345", anyText().Draw(t, "found"), fakeNow)}
		checkSize(t, m.frame(), w, h)
		for _, k := range rapid.SliceOfN(rapid.SampledFrom(keys), 0, 12).Draw(t, "keys") {
			press(m, clock, k)
			checkSize(t, m.frame(), m.w, m.h)
			if rapid.IntRange(0, 5).Draw(t, "event") == 0 {
				v := anyView(t)
				m.Update(viewMsg{&v})
				checkSize(t, m.frame(), m.w, m.h)
			}
		}
	})
}

func TestCleanIsSafe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := clean(anyText().Draw(t, "text"))
		if strings.ContainsAny(s, "\x1b\n\r\t\x00\u202e\u200b") {
			t.Fatalf("%q is not safe to draw", s)
		}
		if a, b := ansi.StringWidth(s), ansi.StringWidthWc(s); a != b {
			t.Fatalf("%q is %d or %d cells wide", s, a, b)
		}
		w := rapid.IntRange(0, 20).Draw(t, "w")
		if got := fit(s, w); ansi.StringWidth(got) != w || ansi.StringWidthWc(got) != w {
			t.Fatalf("fit(%q, %d) is %q", s, w, got)
		}
	})
	if got := clean("Nguye\u0302\u0303n"); got != "Nguyễn" {
		t.Errorf("composed letters become %q", got)
	}
}
