package tui

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"sync"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
	"gatehouse/vision"
)

// fakeDesk stands for a gate's desk: it writes down what was asked of it and
// answers with err.
type fakeDesk struct {
	mu     sync.Mutex
	view   lane.View
	calls  []string
	err    error
	stays  []parking.Stay
	open   []lane.ConflictView // conflicts
	photos map[string][]byte
	wake   chan struct{}
	papers map[uuid.UUID]bool
	fee    lane.EarlyFee
	paid   lane.EarlyPaid
	issued lane.ReceiptView
	walks  []uuid.UUID // that were written
}

func (d *fakeDesk) note(format string, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, fmt.Sprintf(format, args...))
	return d.err
}

func (d *fakeDesk) View() *lane.View {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.view
	return &v
}

func (d *fakeDesk) Changed() (<-chan struct{}, func()) { return d.wake, func() {} }

func (d *fakeDesk) Working(string) error { return nil }

func (d *fakeDesk) Arrive(_ context.Context, lane string, a lane.Arrival) (uuid.UUID, error) {
	return uuid.Nil, d.note("arrive %s %q", lane, a.Plate)
}

func (d *fakeDesk) Clear(_ context.Context, lane string, subject uuid.UUID) error {
	return d.note("clear %s %s", lane, short(subject))
}

func (d *fakeDesk) SetTime(_ context.Context, t time.Time) error {
	return d.note("time %s", t.UTC().Format(time.RFC3339))
}

func (d *fakeDesk) ReadMessage(_ context.Context, id uuid.UUID) error {
	return d.note("read %s", short(id))
}

func (d *fakeDesk) OpenByHand(_ context.Context, lane, reason string) error {
	return d.note("open %s %q", lane, reason)
}

func (d *fakeDesk) OpenAgain(_ context.Context, lane string, subject uuid.UUID) error {
	return d.note("again %s %s", lane, short(subject))
}

func (d *fakeDesk) BackOut(_ context.Context, lane string, subject uuid.UUID, reason string) error {
	return d.note("back out %s %s %q", lane, short(subject), reason)
}

func (d *fakeDesk) MoveAside(_ context.Context, lane string, subject uuid.UUID) error {
	return d.note("aside %s %s", lane, short(subject))
}

func (d *fakeDesk) Recall(_ context.Context, lane string, subject uuid.UUID) error {
	return d.note("recall %s %s", lane, short(subject))
}

func (d *fakeDesk) ChangeDirection(_ context.Context, lane string, to parking.Direction, reason string) error {
	return d.note("turn %s %s %q", lane, to, reason)
}

func (d *fakeDesk) Correct(_ context.Context, lane string, subject uuid.UUID, plate, reason string) error {
	return d.note("correct %s %s %q %q", lane, short(subject), plate, reason)
}

func (d *fakeDesk) PickCandidate(_ context.Context, lane string, subject uuid.UUID, i int) error {
	return d.note("candidate %s %s %d", lane, short(subject), i)
}

func (d *fakeDesk) SetClass(_ context.Context, lane string, subject uuid.UUID, c parking.Class) error {
	return d.note("class %s %s %s", lane, short(subject), c)
}

func (d *fakeDesk) CorrectClass(_ context.Context, lane string, subject, stay uuid.UUID, c parking.Class, reason string) error {
	return d.note("class %s %s %s %s %q", lane, short(subject), short(stay), c, reason)
}

func (d *fakeDesk) ChooseSlot(_ context.Context, lane string, subject uuid.UUID, slot string) error {
	return d.note("slot %s %s %s", lane, short(subject), slot)
}

func (d *fakeDesk) AcceptIn(_ context.Context, lane string, subject uuid.UUID) (parking.Stay, error) {
	return parking.Stay{}, d.note("accept %s %s", lane, short(subject))
}

func (d *fakeDesk) Pick(_ context.Context, lane string, subject uuid.UUID, i int) error {
	return d.note("pick %s %s %d", lane, short(subject), i)
}

func (d *fakeDesk) LeaveFree(_ context.Context, lane string, subject uuid.UUID) (parking.Stay, error) {
	return parking.Stay{}, d.note("free %s %s", lane, short(subject))
}

func (d *fakeDesk) OutUnknown(_ context.Context, lane string, subject uuid.UUID, reason string, fee parking.Money, m parking.Method) error {
	return d.note("unknown %s %s %q %d %s", lane, short(subject), reason, fee, m)
}

func (d *fakeDesk) PayCash(_ context.Context, lane string, subject uuid.UUID, tendered parking.Money) (parking.Stay, error) {
	return parking.Stay{}, d.note("cash %s %s %d", lane, short(subject), tendered)
}

func (d *fakeDesk) ShowQR(_ context.Context, lane string, subject uuid.UUID) error {
	return d.note("qr %s %s", lane, short(subject))
}

func (d *fakeDesk) ConfirmByHand(_ context.Context, lane string, subject uuid.UUID, bank string, at time.Time) (parking.Stay, error) {
	return parking.Stay{}, d.note("by hand %s %s %q %s", lane, short(subject), bank, at.Format("2006-01-02 15:04"))
}

func (d *fakeDesk) Discount(_ context.Context, lane string, subject uuid.UUID, code string) error {
	return d.note("discount %s %s %q", lane, short(subject), code)
}

func (d *fakeDesk) Search(query string) []parking.Stay {
	_ = d.note("search %q", query)
	return d.stays
}

func (d *fakeDesk) Conflicts(context.Context) []lane.ConflictView {
	_ = d.note("conflicts")
	return d.open
}

func (d *fakeDesk) MoveStay(_ context.Context, stay uuid.UUID, slot, reason string) error {
	return d.note("move %s %s %q", short(stay), slot, reason)
}

func (d *fakeDesk) Void(_ context.Context, stay uuid.UUID, reason string) error {
	return d.note("void %s %q", short(stay), reason)
}

func (d *fakeDesk) TakeBack(context.Context) (lane.LastAct, error) {
	return lane.LastAct{Kind: lane.ActIn, Display: "30A-123.45"}, d.note("take back")
}

func (d *fakeDesk) Tap(_ context.Context, code, text string) (lane.Tapped, error) {
	return lane.Tapped{}, d.note("tap %s %q", code, text)
}

func (d *fakeDesk) LoseToken(_ context.Context, lane string, subject, stay uuid.UUID, reason string) error {
	return d.note("lost %s %s %s %q", lane, short(subject), short(stay), reason)
}

func (d *fakeDesk) PrintTicket(_ context.Context, lane string, subject uuid.UUID) error {
	return d.note("print %s %s", lane, short(subject))
}

func (d *fakeDesk) Allow(_ context.Context, lane string, subject uuid.UUID, reason string) error {
	return d.note("allow %s %s %s", lane, short(subject), reason)
}

func (d *fakeDesk) SignIn(_ context.Context, name, password string) error {
	return d.note("sign in %s %s", name, password)
}

func (d *fakeDesk) Lock() {
	_ = d.note("lock")
	d.setLocked(true)
}

func (d *fakeDesk) setLocked(locked bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.view.Locked = locked
}

func (d *fakeDesk) Unlock(_ context.Context, name, password string) error {
	err := d.note("unlock %s %s", name, password)
	if err == nil {
		d.setLocked(false)
	}
	return err
}

func (d *fakeDesk) SetCard(_ context.Context, text string) error { return d.note("card %q", text) }

func (d *fakeDesk) SignOut(context.Context) { _ = d.note("sign out") }

func short(id uuid.UUID) string { return id.String()[:8] }

// subjectID makes ids that are easy to read in a test.
func subjectID(n byte) uuid.UUID { return uuid.UUID{n, n, n, n} }

var fakeNow = time.Date(2026, 11, 22, 7, 32, 0, 0, time.UTC) // 14:32 in Vietnam

// idleView is the site of the first release with a morning's traffic.
func idleView() lane.View {
	v := lane.View{
		Now: fakeNow, SiteName: "Bãi xe Trung Tâm", Timezone: "Asia/Ho_Chi_Minh", Currency: "VND", Language: "vi",
		Gate:  parking.Gate{Code: "N", Name: "Cổng Bắc", At: parking.Point{Y: 10}},
		Guard: &lane.Guard{Name: "lan", Display: "Lan", Role: "guard"},
		Link: lane.Link{
			State: lane.Online, Since: fakeNow.Add(-time.Hour), RTT: 12 * time.Millisecond,
			RTTs: []int{9, 14, 10, 11, 22}, LastSync: fakeNow.Add(-time.Second), Redis: true,
		},
		Vision: lane.Worker{OK: true}, Disk: lane.Worker{OK: true},
	}
	for _, code := range []string{"N", "S", "E", "W"} {
		v.Zones = append(v.Zones, zoneOf(code))
	}
	v.Zones = append(v.Zones, lane.ZoneView{
		Zone:   parking.Zone{Code: "M", Name: "Xe máy", Kind: parking.Counted, Capacity: map[parking.Class]int{parking.Motorbike: 400}},
		Inside: map[parking.Class]int{parking.Motorbike: 212}, Free: 188, Capacity: 400,
	})
	v.Lanes = []lane.LaneView{
		{Lane: parking.Lane{Code: "1", Gate: "N", Direction: parking.In, Class: parking.Car, Barrier: true}, Camera: lane.Worker{OK: true}},
		{Lane: parking.Lane{Code: "2", Gate: "N", Direction: parking.Out, Class: parking.Car, Barrier: true}, Camera: lane.Worker{OK: true}},
	}
	v.Recent = []lane.Event{
		{At: fakeNow.Add(-time.Minute), Kind: parking.KindVehicleOut, Gate: "N", Display: "51F-442.10", Amount: 5000, Method: parking.Cash},
		{At: fakeNow.Add(-3 * time.Minute), Kind: parking.KindVehicleIn, Gate: "N", Display: "30E-990.37", Slot: "N02"},
		{At: fakeNow.Add(-7 * time.Minute), Kind: parking.KindVehicleIn, Gate: "S", Display: "29-B1 456.78", Zone: "M"},
	}
	return v
}

// zoneOf is one of the four zones of fifteen slots.
func zoneOf(code string) lane.ZoneView {
	z := lane.ZoneView{Zone: parking.Zone{Code: code, Name: code, Kind: parking.Numbered}, Inside: map[parking.Class]int{}, Capacity: 15}
	for i := 1; i <= 15; i++ {
		at := map[string]parking.Point{
			"N": {X: float64(i - 8), Y: 7}, "S": {X: float64(i - 8), Y: -7},
			"E": {X: 7, Y: float64(i - 8)}, "W": {X: -7, Y: float64(i - 8)},
		}[code]
		sv := lane.SlotView{Slot: parking.Slot{
			Code: fmt.Sprintf("%s%02d", code, i), Zone: code, At: at,
			Classes: []parking.Class{parking.Car}, Home: code, State: parking.SlotFree,
		}}
		taken := code == "E" || (code == "N" && (i < 3 || (i > 4 && i < 8))) || (code != "N" && i == 2)
		switch {
		case taken:
			sv.Slot.State, sv.Slot.Stay = parking.SlotOccupied, uuid.UUID{1, byte(i)}
			sv.Plate = fmt.Sprintf("30A-%03d.%02d", 100+i*7, i)
			z.Inside[parking.Car]++
		case code == "W" && i == 1:
			sv.HeldBy, sv.HeldUntil = "S", fakeNow.Add(20*time.Second)
		case code == "S" && i == 15:
			sv.Slot.State = parking.SlotOutOfService
		default:
			z.Free++
		}
		z.Slots = append(z.Slots, sv)
	}
	return z
}

// editSubject gives v a subject of its own at lane i, so that views that share
// it stay as they are.
func editSubject(v lane.View, i int, edit func(s *lane.Subject)) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	s := *v.Lanes[i].Subject
	edit(&s)
	v.Lanes[i].Subject = &s
	return v
}

// offeredIn is a car at the IN lane with a slot offered.
func offeredIn(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	v.Lanes[0].Subject = &lane.Subject{
		ID: subjectID(0xaa), Stage: lane.Offered, ArrivedAt: v.Now.Add(-2 * time.Second), Plate: "30A12345", Display: "30A-123.45",
		Reading: vision.Reading{Outcome: vision.OutcomeRead, Plate: "30A12345", Display: "30A-123.45", Confidence: 0.98},
		Class:   parking.Car, Zone: "N", Slot: "N03", Metres: 12, Chosen: -1,
	}
	v.Zones = append([]lane.ZoneView(nil), v.Zones...)
	v.Zones[0].Slots = append([]lane.SlotView(nil), v.Zones[0].Slots...)
	v.Zones[0].Slots[2].Suggested = true
	return v
}

// unsureIn has candidates instead of a certain plate.
func unsureIn(v lane.View) lane.View {
	return editSubject(offeredIn(v), 0, func(s *lane.Subject) {
		s.Reading.Outcome, s.Reading.Confidence, s.Check = vision.OutcomeUnsure, 0.62, true
		s.Warnings = []string{"Check the plate: the reading is not sure."}
		s.Reading.Candidates = []vision.Candidate{{Plate: "30A12345", Confidence: 0.62}, {Plate: "30A12845", Confidence: 0.21}}
	})
}

func stayOf(n byte, plate, display string, in time.Time) parking.Stay {
	return parking.Stay{
		ID: subjectID(n), State: parking.Inside, Class: parking.Motorbike, Plate: parking.Plate(plate), Display: display,
		Zone: "S", Slot: "S07", Placed: true, InAt: &in, InGate: "S", InLane: "1", InBy: "minh",
	}
}

// matchedOut is a motorbike at the OUT lane whose stay is certain.
func matchedOut(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	in := v.Now.Add(-5*time.Hour - 18*time.Minute)
	quote := parking.Quote{Fee: 20000, Due: 20000, Currency: "VND", Minutes: 318, Lines: []parking.Line{
		{Code: parking.LineBlockFirst, Amount: 5000, Text: parking.Text{En: "First 60 min", Vi: "60 phút đầu"}},
		{Code: parking.LineBlockThen, Amount: 15000, Text: parking.Text{En: "Then 5 × 60 min, ₫3,000 each one begun", Vi: "Tiếp theo 5 × 60 phút, 3.000 ₫ mỗi lần bắt đầu"}},
	}}
	v.Lanes[1].Subject = &lane.Subject{
		ID: subjectID(0xbb), Stage: lane.Offered, ArrivedAt: v.Now.Add(-time.Second), Plate: "29B145678", Display: "29-B1 456.78",
		Reading: vision.Reading{Outcome: vision.OutcomeRead, Confidence: 0.91}, Class: parking.Motorbike,
		Matches: []lane.Match{{Stay: stayOf(0xcc, "29B145678", "29-B1 456.78", in), Quote: quote}}, Chosen: 0, Due: 20000,
	}
	return v
}

// manyOut has two stays that the vehicle may be.
func manyOut(v lane.View) lane.View {
	return editSubject(matchedOut(v), 1, func(s *lane.Subject) {
		other := s.Matches[0]
		other.Stay.ID, other.Stay.Display, other.Distance = subjectID(0xdd), "29-B1 456.73", 0.5
		s.Matches = []lane.Match{s.Matches[0], other}
		s.Chosen, s.Due = -1, 0
	})
}

// queued has two vehicles behind the one at the OUT lane, and two aside.
func queued(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	v.Lanes[1].SeesPassages = true
	v.Lanes[1].Waiting = []lane.Waiting{
		{ID: subjectID(0x21), Display: "30A-000.02", Class: parking.Car}, {ID: subjectID(0x22), Class: parking.Motorbike},
	}
	v.Lanes[1].Aside = []lane.Aside{
		{ID: subjectID(0x31), Display: "51F-442.10", Due: 5000}, {ID: subjectID(0x32), Display: "29-B1 111.11", Paid: true},
	}
	return v
}

// sixLanes is a gate with six lanes, two of which the screen shows.
func sixLanes(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	for i, code := range []string{"3", "4", "5", "6"} {
		l := v.Lanes[i%2]
		l.Subject, l.Lane.Code = nil, code
		v.Lanes = append(v.Lanes, l)
	}
	waits := *offeredIn(idleView()).Lanes[0].Subject
	v.Lanes[2].Subject = &waits
	v.Lanes[5].Alarm = "A second vehicle went through lane 6 on one opening."
	return v
}

const qrPayload = "00020101021238540010A00000072701240006970436011001234567890208QRIBFTTA53037045405200005802VN62150811GHN00001A2B6304ABCD"

// cardOut came in with a card that is not shown at the exit.
func cardOut(v lane.View) lane.View {
	return editSubject(matchedOut(v), 1, func(s *lane.Subject) {
		s.Matches = append([]lane.Match(nil), s.Matches...)
		s.Matches[0].Stay.Token = "0042"
		s.Warnings = []string{"It came in with a card; the card was not shown.", "Compare the pictures and pick the vehicle."}
		s.Chosen, s.Due = -1, 0
	})
}

// cardTwice has a card that two vehicles hold, one of them with this plate.
func cardTwice(v lane.View) lane.View {
	return editSubject(manyOut(v), 1, func(s *lane.Subject) {
		s.Matches = append([]lane.Match(nil), s.Matches...)
		s.Token = "0042"
		s.Matches[0].Stay.Plate, s.Matches[0].ByToken = s.Plate, true
		s.Matches[1].ByToken = true
		s.Warnings = []string{"This card is on more than one vehicle inside."}
	})
}

// heldIn shows a card at the entry that belongs to a vehicle inside.
func heldIn(v lane.View) lane.View {
	holder := stayOf(0xcc, "29B145678", "29-B1 456.78", fakeNow.Add(-5*time.Hour))
	return editSubject(offeredIn(v), 0, func(s *lane.Subject) {
		s.Token, s.Holder = "0042", &holder
		s.Warnings = []string{"This card is in use by a vehicle that is inside."}
	})
}

// ticketIn has gone in, and its ticket did not come out.
func ticketIn(v lane.View) lane.View {
	v = editSubject(offeredIn(v), 0, func(s *lane.Subject) {
		s.Stage, s.Stay = lane.Opened, subjectID(0xcc)
		s.Token = parking.TicketNumber(s.Stay)
		s.Ticket = &lane.TicketView{Number: "VHYF-GKA-QRU", Print: lane.TicketFailed, Why: "The printer does not answer: no paper."}
	})
	v.Lanes[0].Printer = &lane.Worker{Why: "The printer does not answer: no paper."}
	v.Troubles = []lane.Trouble{{Code: "printer_away", Text: "The ticket printer of lane 1 did not print. Look at its paper and its cable, and print again (r)."}}
	return v
}

// tappedIdle has a reader that is away at one lane, and a card that was
// refused at the other.
func tappedIdle(v lane.View) lane.View {
	v.Lanes = append([]lane.LaneView(nil), v.Lanes...)
	v.Lanes[0].Reader = &lane.ReaderView{Worker: lane.Worker{Why: "The card reader at 10.0.0.7:4001 does not answer. Look at its cable and its power."}}
	v.Lanes[1].Tap = &lane.TapView{Token: "GH1.AAAA", At: fakeNow, Refused: "This ticket is of another site. Go on by the plate."}
	v.Troubles = []lane.Trouble{{Code: "reader_away", Text: "The card reader of lane 1 does not answer. Its cards and tickets are typed or scanned by hand (k) until it is back."}}
	return v
}

// payingOut waits for a transfer.
func payingOut(v lane.View) lane.View {
	return editSubject(matchedOut(v), 1, func(s *lane.Subject) {
		s.Stage, s.QR, s.Reference = lane.Paying, qrPayload, "GHN00001A2B"
	})
}

// unheardOut is v with a vehicle at the exit that may have paid early: the bank
// has said nothing of one code, and has confirmed another.
func unheardOut(v lane.View) lane.View {
	return editSubject(matchedOut(v), 1, func(s *lane.Subject) {
		at := fakeNow.Add(-25 * time.Minute)
		s.Matches = append([]lane.Match(nil), s.Matches...)
		s.Matches[0].Stay.Payments = []parking.Payment{
			{Method: parking.QR, Status: parking.Pending, Amount: 14_000, RequestedAt: &at},
			{Method: parking.QR, Status: parking.Paid, Amount: 5000, RequestedAt: &at},
		}
	})
}

// offline is v with the cloud away for half an hour.
func offline(v lane.View) lane.View {
	v.Link = lane.Link{State: lane.Offline, Since: v.Now.Add(-30 * time.Minute), Queue: 12, LastSync: v.Now.Add(-30 * time.Minute), Why: "No answer from the cloud."}
	v.Zones = append([]lane.ZoneView(nil), v.Zones...)
	for i := range v.Zones {
		v.Zones[i].Slots = append([]lane.SlotView(nil), v.Zones[i].Slots...)
		for j := range v.Zones[i].Slots {
			sv := &v.Zones[i].Slots[j]
			sv.MayBeGone = sv.Slot.Home != "N" && sv.Slot.State == parking.SlotFree
		}
	}
	return v
}

// plateJPEG is a picture of a light plate on a dark vehicle.
func plateJPEG(w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{70, 90, 110, 255}
			switch {
			case y > h*3/4:
				c = color.RGBA{60, 60, 60, 255}
			case x > w/3 && x < w*2/3 && y > h/2 && y < h*2/3:
				c = color.RGBA{240, 240, 235, 255}
			case x > w/8 && x < w*7/8 && y > h/4:
				c = color.RGBA{150, 30, 40, 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (d *fakeDesk) ReadPaper(_ context.Context, t lane.Paper) (lane.PaperReading, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return lane.PaperReading{}, d.err
	}
	done := d.paper(t)
	r := lane.PaperReading{Stay: done.Stay, Opens: t.In != nil, Closes: t.Out != nil, Paid: t.Paid, Fee: done.Fee, Written: d.papers[t.ID]}
	if t.In == nil {
		r.Unknown, r.Stay.InAt = true, nil
	}
	return r, nil
}

func (d *fakeDesk) EnterPaper(_ context.Context, t lane.Paper) (lane.PaperEntered, error) {
	err := d.note("paper %s %s %q %s %s %s %d", t.Lane, t.Number, t.Plate, t.Class, clockOf(t.In), clockOf(t.Out), t.Paid)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.papers == nil {
		d.papers = map[uuid.UUID]bool{}
	}
	d.papers[t.ID] = true // also when the answer is lost
	return d.paper(t), err
}

func (d *fakeDesk) LookAtInventory(_ context.Context, w lane.Walk) (lane.WalkLook, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return lane.WalkLook{}, d.err
	}
	var r lane.WalkLook
	for _, v := range w.Found {
		s := parking.Stay{Plate: v.Plate, Display: v.Plate.DisplayAs(0, v.Class), Token: v.Token, Class: v.Class, Zone: w.Zone, Slot: v.Slot}
		r.Last = nil
		switch v.Plate {
		case "30A12345":
			r.Known, r.Last = r.Known+1, &s
		case "30A12346":
			s.Slot = "N05"
			r.Known, r.Last, r.Elsewhere = r.Known+1, &s, append(r.Elsewhere, s)
		default:
			r.LetIn = append(r.LetIn, s)
		}
	}
	for i := range 12 {
		plate := parking.Plate(fmt.Sprintf("51F%05d", 10001+i))
		r.Missing = append(r.Missing, parking.Stay{Plate: plate, Display: plate.DisplayAs(0, parking.Car), Zone: w.Zone, Slot: fmt.Sprintf("N%02d", 21+i)})
	}
	return r, nil
}

func (d *fakeDesk) TakeInventory(_ context.Context, w lane.Walk) (lane.WalkDone, error) {
	names := ""
	for _, v := range w.Found {
		names += fmt.Sprintf(" %s/%s/%s/%s", v.Plate, v.Class, v.Slot, v.Token)
	}
	d.mu.Lock()
	d.walks = append(d.walks, w.ID)
	d.mu.Unlock()
	return lane.WalkDone{}, d.note("walk %s%s", w.Zone, names)
}

func (d *fakeDesk) paper(t lane.Paper) lane.PaperEntered {
	plate, err := parking.ParsePlate(t.Plate)
	if err != nil {
		plate = ""
	}
	s := parking.Stay{ID: t.ID, State: parking.Inside, Class: t.Class, Plate: plate, Display: plate.DisplayAs(0, t.Class), Zone: "N", InAt: t.In}
	if t.Out != nil {
		s.State, s.OutAt = parking.Left, t.Out
		s.Payments = []parking.Payment{{Amount: t.Paid, Status: parking.Paid}}
	}
	return lane.PaperEntered{Stay: s, Fee: 6000}
}

func clockOf(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Format("02/01T15:04")
}

func (d *fakeDesk) OpenShift(_ context.Context, r lane.ShiftOpening) (lane.ShiftView, error) {
	float := "-"
	if r.Float != nil {
		float = fmt.Sprint(*r.Float)
	}
	return lane.ShiftView{ID: r.ID}, d.note("open shift %s", float)
}

func (d *fakeDesk) CloseShift(_ context.Context, r lane.ShiftCounted) (lane.ShiftDone, error) {
	cards := "-"
	if r.Cards != nil {
		cards = fmt.Sprint(*r.Cards)
	}
	err := d.note("close shift %s %d %v cards %s", short(r.Shift), r.Sum, r.Notes, cards)
	float, over := parking.Money(200_000), r.Sum-205_000
	d.mu.Lock()
	defer d.mu.Unlock()
	return lane.ShiftDone{
		ShiftView: lane.ShiftView{ID: r.Shift, Guard: "lan", OpenedAt: fakeNow.Add(-8 * time.Hour), Float: &float},
		ClosedAt:  fakeNow, Counted: r.Sum, Cards: r.Cards, Expected: 205_000, Over: &over, Cash: 15_000, Refunds: 10_000,
		Transfer: 8000, Payments: 4, Openings: 1,
	}, err
}

func (d *fakeDesk) GiveBack(_ context.Context, r lane.Refund) (lane.Refunded, error) {
	return lane.Refunded{}, d.note("give back %s %s %d %q", short(r.Stay), short(r.Payment), r.Amount, r.Reason)
}

func (d *fakeDesk) Refundable(query string) []parking.Stay {
	_ = d.note("refundable %q", query)
	return d.stays
}

func (d *fakeDesk) Photo(_ context.Context, sha string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if jpeg, ok := d.photos[sha]; ok {
		return jpeg, nil
	}
	return nil, parking.Errorf(parking.NotFound, "There is no such photo.")
}
