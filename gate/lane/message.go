package lane

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// MessageView is a message from an administrator that nobody at this gate has
// read yet.
type MessageView struct {
	ID    uuid.UUID  `json:"id"`
	Text  string     `json:"text,omitempty"` // of several lines, maybe
	By    string     `json:"by,omitempty"`   // who wrote it
	At    time.Time  `json:"at"`
	Until *time.Time `json:"until,omitempty"` // it is shown no longer than that
}

// Messages are those that wait to be read at this gate, the newest first.
func (d *Desk) Messages() []MessageView {
	var out []MessageView
	for _, m := range d.cfg.State.Messages() {
		out = append(out, MessageView{ID: m.Message, Text: m.Text, By: m.By, At: m.From, Until: m.Until})
	}
	return out
}

// ReadMessage says that the gate's guards have read a message, by a fact. One
// that was read here before is done; one that is not to be read, or not any
// more, is NotFound.
func (d *Desk) ReadMessage(ctx context.Context, id uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	actor, err := d.actor(ctx)
	if err != nil {
		return err
	}
	if d.cfg.State.MessageRead(id) {
		return nil
	}
	for _, m := range d.cfg.State.Messages() {
		if m.Message == id {
			_, err := d.write(ctx, state.Draft{Kind: parking.KindMessageRead, Actor: actor, Body: &parking.MessageRead{Message: id}})
			return err
		}
	}
	return parking.Errorf(parking.NotFound, "This message is not there any more: it was withdrawn, or its time is over.")
}

// ReadMessage is Desk.ReadMessage by the console's guard.
func (c *Console) ReadMessage(ctx context.Context, id uuid.UUID) error {
	ctx, err := c.acting(ctx)
	if err != nil {
		return err
	}
	return c.desk.ReadMessage(ctx, id)
}

// hideMessages leaves of the messages that they are there: a locked console is
// not read by who happens to stand in front of it.
func (v *View) hideMessages() {
	hidden := make([]MessageView, len(v.Messages))
	for i, m := range v.Messages {
		hidden[i] = MessageView{ID: m.ID, At: m.At}
	}
	v.Messages = hidden
}
