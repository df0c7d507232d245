package lane

import (
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
	"gatehouse/vision"
)

// LinkState is what the banner says of the cloud.
type LinkState string

// States of the link. Online only while our own heartbeats come back;
// degraded when the round trip is above 500 ms or Redis is gone; offline when
// three heartbeats are missed or the socket is gone.
const (
	Online   LinkState = "online"
	Degraded LinkState = "degraded"
	Offline  LinkState = "offline"
)

// Link is the state of the link to the cloud.
type Link struct {
	State    LinkState     `json:"state"`
	Since    time.Time     `json:"since"`
	RTT      time.Duration `json:"rtt_ns"`
	RTTs     []int         `json:"rtts_ms"` // the last few round trips, oldest first
	Queue    int64         `json:"queue"`   // facts waiting
	LastSync time.Time     `json:"last_sync"`
	Cause    string        `json:"cause,omitempty"` // why it is not online, for programs
	Why      string        `json:"why,omitempty"`   // a sentence while not online
	Redis    bool          `json:"redis"`
}

// Guard is who is signed in at this gate.
type Guard struct {
	Name    string `json:"name"`
	Display string `json:"display"`
	Role    string `json:"role"`
}

// Worker is the state of a part that the gate can do without.
type Worker struct {
	OK  bool   `json:"ok"`
	Why string `json:"why,omitempty"`
}

// SlotView is one slot as the map shows it.
type SlotView struct {
	Slot      parking.Slot `json:"slot"`
	Plate     string       `json:"plate,omitempty"`        // display form of who stands in it
	HeldBy    string       `json:"held_by,omitempty"`      // gate that holds it, by a plan
	HeldUntil time.Time    `json:"held_until"`             //
	Suggested bool         `json:"suggested,omitempty"`    // offered at one of this gate's lanes
	MayBeGone bool         `json:"may_be_taken,omitempty"` // while we are cut off: another gate may hand it out
	LentTo    string       `json:"lent_to,omitempty"`      // gate that hands it out instead of its home
}

// ZoneView is one zone with what is in it.
type ZoneView struct {
	Zone     parking.Zone          `json:"zone"`
	Slots    []SlotView            `json:"slots,omitempty"`
	Inside   map[parking.Class]int `json:"inside"` // vehicles, unplaced ones of the zone included
	Free     int                   `json:"free"`
	Capacity int                   `json:"capacity"`
}

// Stage is where a lane's subject stands.
type Stage string

// The life of a vehicle at a lane.
const (
	Arrived   Stage = "arrived"  // seen, its picture is being read
	Offered   Stage = "offered"  // the next thing to do is the guard's
	Paying    Stage = "paying"   // a VietQR is shown
	Accepted  Stage = "accepted" // the fact is on disk
	Opened    Stage = "opened"   // the barrier has answered
	HasPassed Stage = "passed"   // it was seen to go through
	Refused   Stage = "refused"  // the disk or the barrier refused; Why says it
)

// Match is a stay that may be the vehicle at the exit.
type Match struct {
	Stay     parking.Stay  `json:"stay"`
	Distance float64       `json:"distance"` // 0: the same plate
	ByToken  bool          `json:"by_token"`
	Quote    parking.Quote `json:"quote"`
	QuoteErr string        `json:"quote_error,omitempty"` // why it cannot be priced
	Pass     *PassView     `json:"pass,omitempty"`        // that it came in on

	follows []string // passes that joined it
}

// Subject is the vehicle that a lane is about. An act names its ID: when the
// subject has changed, the act is refused.
type Subject struct {
	ID        uuid.UUID      `json:"id"`
	Stage     Stage          `json:"stage"`
	Why       string         `json:"why,omitempty"`
	ArrivedAt time.Time      `json:"arrived_at"`
	Reading   vision.Reading `json:"reading"`
	Plate     parking.Plate  `json:"plate"`
	Display   string         `json:"display"`
	Typed     bool           `json:"typed"` // by hand, not read
	Class     parking.Class  `json:"class"`
	Token     string         `json:"token,omitempty"`
	Warnings  []string       `json:"warnings,omitempty"`
	Stay      uuid.UUID      `json:"stay"` // once accepted
	// Photos are those that the lane's cameras have taken of it, for the console.
	Photos []parking.PhotoRef `json:"-"`
	// Check says that the reading is unsure: Correct or PickCandidate must come
	// before AcceptIn, Pick before money.
	Check bool `json:"check_plate,omitempty"`
	// Again says that the record is on disk and the barrier has not answered:
	// OpenAgain is what remains to be done.
	Again bool `json:"open_again,omitempty"`

	// Holder is the vehicle inside that has the card which is shown at an IN lane.
	Holder *parking.Stay `json:"holder,omitempty"`
	// Ticket is what was printed here, or was scanned.
	Ticket *TicketView `json:"ticket,omitempty"`

	// Listed is what the block list says of it, Card what the site's list says of
	// the card that was presented, where that is no good: blocked, lost, unknown.
	Listed *ListedView `json:"listed,omitempty"`
	Card   string      `json:"card,omitempty"`
	// NeedsWord says why it goes through only after a guard has given a reason
	// (Allow), "" when it needs none; Word is the reason that was given.
	NeedsWord string `json:"needs_word,omitempty"`
	Word      string `json:"word,omitempty"`
	// Pass is the pass that it would come in on, at a lane that leads in.
	Pass *PassView `json:"pass,omitempty"`

	// At an IN lane: the offer.
	Zone      string    `json:"zone,omitempty"`
	Slot      string    `json:"slot,omitempty"`
	Metres    float64   `json:"metres,omitempty"`
	MayBeGone bool      `json:"may_be_taken,omitempty"` // another gate hands the slot out, and neither it nor the cloud is heard
	ShareLeft *int      `json:"share_left,omitempty"`   // of a counted zone, for this gate while it is cut off
	HeldUntil time.Time `json:"held_until"`

	// At an OUT lane: the stays it may be, best first; Chosen is -1 until one
	// is certain or picked.
	Matches []Match       `json:"matches,omitempty"`
	Chosen  int           `json:"chosen"`
	Due     parking.Money `json:"due"`
	// Discount is the code of the discount that was given to the chosen one.
	Discount string `json:"discount,omitempty"`
	// PricedAt is the moment that the matches are priced for: when the vehicle
	// was first seen here, moved on when the tariff's quote_hold has run out.
	PricedAt time.Time     `json:"priced_at"`
	Tendered parking.Money `json:"tendered,omitempty"` // cash handed over, once taken
	Change   parking.Money `json:"change,omitempty"`   // to give back
	// A VietQR that is shown (Stage Paying).
	QR        string `json:"qr,omitempty"`
	Reference string `json:"reference,omitempty"`
}

// LaneView is one lane as screens show it.
type LaneView struct { //nolint:revive // View is the whole of it
	Lane     parking.Lane `json:"lane"`
	Camera   Worker       `json:"camera"`
	Picture  []byte       `json:"-"`                // newest JPEG, nil for none
	PictureN int64        `json:"picture_n"`        // changes with every new picture
	Face     []byte       `json:"-"`                // the same of a camera for faces beside another one
	FaceN    int64        `json:"face_n,omitempty"` // changes with every new one
	Reader   *ReaderView  `json:"reader,omitempty"`
	Printer  *Worker      `json:"printer,omitempty"`
	Tap      *TapView     `json:"tap,omitempty"` // the last card or ticket that was presented
	Subject  *Subject     `json:"subject,omitempty"`
	// Waiting are those behind the subject, in the order in which they came;
	// Missed counts others that were sensed while four waited, Refused the
	// announcements that found the order full.
	Waiting []Waiting `json:"waiting,omitempty"`
	Missed  int       `json:"missed,omitempty"`
	Refused int       `json:"refused,omitempty"`
	Aside   []Aside   `json:"aside,omitempty"`
	// Sensor is how the lane's sensors are, nil when it has none.
	Sensor       *Worker   `json:"sensor,omitempty"`
	Sign         *SignView `json:"sign,omitempty"`
	SeesPassages bool      `json:"sees_passages,omitempty"` // a vehicle is gone when it was seen to pass
	Alarm        string    `json:"alarm,omitempty"`         // what happened just now and needs a look
	// HeldBy is the guard who works on the lane at another console.
	HeldBy string `json:"held_by,omitempty"`
	holder *Console
}

// Waiting is a vehicle behind the one in front.
type Waiting struct {
	ID        uuid.UUID     `json:"id"`
	Stage     Stage         `json:"stage"`
	Plate     parking.Plate `json:"plate"`
	Display   string        `json:"display"`
	Class     parking.Class `json:"class"`
	ArrivedAt time.Time     `json:"arrived_at"`
}

// Aside is a vehicle that has moved out of the order to pay.
type Aside struct {
	ID        uuid.UUID     `json:"id"`
	Stay      uuid.UUID     `json:"stay"`
	Plate     parking.Plate `json:"plate"`
	Display   string        `json:"display"`
	Due       parking.Money `json:"due"`
	Paid      bool          `json:"paid"` // nothing is due any more: it may be brought to the front and let out
	ArrivedAt time.Time     `json:"arrived_at"`
}

// Event is one line of the history at the bottom of the console.
type Event struct {
	Fact    uuid.UUID      `json:"fact"` // the fact that it shows
	At      time.Time      `json:"at"`
	Kind    parking.Kind   `json:"kind"`
	Gate    string         `json:"gate"`
	Lane    string         `json:"lane,omitempty"`
	Stay    uuid.UUID      `json:"stay"` // zero for none
	Display string         `json:"display,omitempty"`
	Slot    string         `json:"slot,omitempty"`
	Zone    string         `json:"zone,omitempty"`
	Amount  parking.Money  `json:"amount,omitempty"`
	Method  parking.Method `json:"method,omitempty"`
	Text    string         `json:"text,omitempty"`
}

// View is everything that a screen shows, as one immutable value.
type View struct {
	Now      time.Time    `json:"now"`
	SiteName string       `json:"site_name"`
	Gate     parking.Gate `json:"gate"`
	Timezone string       `json:"timezone"`
	Currency string       `json:"currency"`
	Language string       `json:"language"`
	Guard    *Guard       `json:"guard,omitempty"`
	ViewOnly bool         `json:"view_only,omitempty"` // nothing can be done from this console
	Locked   bool         `json:"locked,omitempty"`    // the console is: money is not shown, and only vehicles that come in are dealt with
	HasCard  bool         `json:"has_card,omitempty"`  // a card unlocks the guard's consoles
	Shift    *ShiftView   `json:"shift,omitempty"`     // the guard's open drawer
	// LastAct is what the guard did last at this console, for a minute.
	LastAct   *LastAct   `json:"last_act,omitempty"`
	Link      Link       `json:"link"`
	Vision    Worker     `json:"vision"`
	Disk      Worker     `json:"disk"`
	Zones     []ZoneView `json:"zones"`
	Lanes     []LaneView `json:"lanes"`
	Recent    []Event    `json:"recent"`
	Conflicts int        `json:"conflicts"`
	Unplaced  int        `json:"unplaced"`
	Troubles  []Trouble  `json:"troubles,omitempty"`
	// Messages are those of administrators that nobody here has read, the newest
	// first; of a locked console's only that they are there.
	Messages []MessageView `json:"messages,omitempty"`
	// Neighbours are the other gates of the site, where there is a link between
	// gates.
	Neighbours []Neighbour `json:"neighbours,omitempty"`
	// Taken are lanes of other gates that this one runs.
	Taken []Taken `json:"taken,omitempty"`
	// NearLoans are slots that are lent over the local network, of and to this
	// gate, by slot.
	NearLoans []NearLoan `json:"near_loans,omitempty"`
	// Discounts are those of the tariff in force that who is signed in may give.
	Discounts []DiscountView `json:"discounts,omitempty"`
	// AsksTime says that the machine's clock is dead, and that the guard should
	// say what time it is (SetTime). Nothing waits for it.
	AsksTime bool `json:"asks_time,omitempty"`
}
