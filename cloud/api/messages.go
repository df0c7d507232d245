package api

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/passes"
	"gatehouse/parking"
)

// MessageAnswer is a message to the guards as it is now.
type MessageAnswer struct {
	passes.Message
	By        string              `json:"by"`
	Sent      time.Time           `json:"sent_at"`
	Withdrawn bool                `json:"withdrawn"`
	Reads     []books.MessageRead `json:"reads"` // by gate, who was first
}

// messages answers ?after=ID, a page of the newest first.
func (a *API) messages(w http.ResponseWriter, r *http.Request) error {
	rows, next, err := a.Books.Messages(r.Context(), caller(r).Site, r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	out := make([]MessageAnswer, 0, len(rows))
	for i := range rows {
		m := &rows[i]
		out = append(out, MessageAnswer{
			Message: passes.Message{ID: m.Message, Gates: m.Gates, Text: m.Text, Until: m.Until},
			By:      m.By, Sent: m.Sent, Withdrawn: m.Withdrawn, Reads: append([]books.MessageRead{}, m.Reads...),
		})
	}
	return answer(w, http.StatusOK, map[string]any{"messages": out, "next": next})
}

// messagePut sends a message. The same sent again is that one.
func (a *API) messagePut(w http.ResponseWriter, r *http.Request) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	in, err := read[passes.Message](w, r)
	if err != nil {
		return err
	}
	if in.ID != uuid.Nil && in.ID != id {
		return parking.Errorf(parking.Invalid, "The body names the message %s, the address %s.", in.ID, id)
	}
	in.ID = id
	if err := a.Passes.Tell(r.Context(), caller(r), *in); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// messageWithdraw takes one back; a second time it is done already.
func (a *API) messageWithdraw(w http.ResponseWriter, r *http.Request) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	if err := a.Passes.Withdraw(r.Context(), caller(r), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func messageID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	if err != nil {
		return uuid.Nil, parking.Errorf(parking.Invalid, "A message is named by an id like 018f0000-0000-7000-8000-000000000001.")
	}
	return id, nil
}
