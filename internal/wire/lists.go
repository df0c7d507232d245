package wire

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// ListPage bounds the versions in one page of the lists.
const ListPage = 1000

// ListMark is a place in the order in which the cloud of one incarnation writes
// its own facts: the run that it wrote them in, and their seq.
type ListMark struct {
	Epoch parking.Epoch `json:"epoch"`
	Seq   int64         `json:"seq"`
}

// Compare orders marks of one incarnation.
func (m ListMark) Compare(o ListMark) int {
	return cmp.Or(cmp.Compare(m.Epoch, o.Epoch), cmp.Compare(m.Seq, o.Seq))
}

// String is the form in which a mark is asked for: "EPOCH:SEQ", "" for the
// begin.
func (m ListMark) String() string {
	if m.Epoch == "" {
		return ""
	}
	return string(m.Epoch) + ":" + strconv.FormatInt(m.Seq, 10)
}

// ParseListMark reads what String wrote.
func ParseListMark(s string) (ListMark, error) {
	if s == "" {
		return ListMark{}, nil
	}
	epoch, seq, ok := strings.Cut(s, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if !ok || err != nil || n < 0 || epoch == "" || len(epoch) > 64 {
		return ListMark{}, parking.Errorf(parking.Invalid, "A mark is written EPOCH:SEQ, as a page of the lists gave it.")
	}
	return ListMark{Epoch: parking.Epoch(epoch), Seq: n}, nil
}

// ListVersion says what holds for a pass, a card, a plate or a message from a time on.
type ListVersion struct {
	ListMark
	Kind parking.Kind    `json:"kind"` // pass, token, block, message
	At   time.Time       `json:"at"`   // when it was written
	Body json.RawMessage `json:"body"` // of the fact
}

// Lists is a page of what gates have to know of passes, cards, the block
// list and messages, in the order in which it was written. GET /api/v1/gate/lists?after=MARK
type Lists struct {
	Incarnation uuid.UUID     `json:"incarnation"`
	Versions    []ListVersion `json:"versions"`
	Next        ListMark      `json:"next"` // after which the next page goes on
	More        bool          `json:"more"` // there is one
}
