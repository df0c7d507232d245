package books

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud/store"
	"gatehouse/cloud/store/cloudsql"
	"gatehouse/parking"
)

// Message is a message to the guards as it is now, and where it was read.
type Message struct {
	parking.MessageVersion
	Sent  time.Time
	Reads []MessageRead // by gate
}

// MessageRead says who has read a message at a gate first, and when.
type MessageRead struct {
	Gate string    `json:"gate"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// ReadAt says whether the message was read at a gate.
func (m *Message) ReadAt(gate string) bool {
	return slices.ContainsFunc(m.Reads, func(r MessageRead) bool { return r.Gate == gate })
}

// Messages reads the messages of a site, the newest first, those after one. next
// is after which the following page begins, "" when there is none.
func (b *Books) Messages(ctx context.Context, site uuid.UUID, after string) (out []Message, next string, err error) {
	rows, err := b.q.BookMessages(ctx, cloudsql.BookMessagesParams{SiteID: site, After: after, MaxRows: listPage + 1})
	if err != nil {
		return nil, "", fmt.Errorf("read the messages: %w", err)
	}
	if len(rows) > listPage {
		rows = rows[:listPage]
		next = rows[listPage-1].Key
	}
	keys := make([]string, 0, len(rows))
	for _, r := range rows {
		keys = append(keys, r.Key)
	}
	reads, err := b.q.BookMessageReads(ctx, cloudsql.BookMessageReadsParams{SiteID: site, Messages: keys})
	if err != nil {
		return nil, "", fmt.Errorf("read where messages were read: %w", err)
	}
	for _, r := range rows {
		v, err := store.Decode[parking.MessageVersion](r.Document)
		if err != nil {
			return nil, "", err
		}
		m := Message{MessageVersion: v, Sent: r.WrittenAt}
		for _, read := range reads {
			if read.Message == r.Key {
				m.Reads = append(m.Reads, MessageRead{Gate: read.Gate, By: read.Actor, At: read.At})
			}
		}
		out = append(out, m)
	}
	return out, next, nil
}
