package localapi

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// messagesAnswer is what administrators want the guards to know.
type messagesAnswer struct {
	Messages []lane.MessageView `json:"messages"` // that nobody at this gate has read, the newest first
}

func (a *api) messages(w http.ResponseWriter, _ *http.Request) {
	a.answer(w, messagesAnswer{Messages: a.desk.Messages()})
}

type readRequest struct {
	Actor string `json:"actor"` // who has read it
}

// readMessage says that a message was read; what is left is the answer.
func (a *api) readMessage(w http.ResponseWriter, r *http.Request) {
	var req readRequest
	if err := decode(w, r, &req); err != nil {
		a.refuse(w, r, err)
		return
	}
	id, err := uuid.Parse(chi.URLParam(r, "message"))
	if err != nil {
		a.refuse(w, r, parking.Errorf(parking.Invalid, "%q is no message.", cut(chi.URLParam(r, "message"))))
		return
	}
	ctx, err := acting(r, req.Actor)
	if err == nil {
		err = a.desk.ReadMessage(ctx, id)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.messages(w, r)
}
