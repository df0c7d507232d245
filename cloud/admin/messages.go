package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/passes"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type messagesView struct {
	frame
	Gates []books.Gate
	Rows  []messageRow
	Done  string
	Wrong string
	Typed typedMessage
	Next  string
}

// typedMessage is what was typed, again on the page when it was refused.
type typedMessage struct {
	ID    string
	Text  string
	Gates []string
	Until string
}

// Has says whether a gate was chosen.
func (t typedMessage) Has(gate string) bool { return slices.Contains(t.Gates, gate) }

type messageRow struct {
	books.Message
	Pill   pill
	For    string // gates
	Unread string // gates at which nobody has read it
	Live   bool   // it can be withdrawn
}

// localMinute is how a browser writes a time of a day.
const localMinute = "2006-01-02T15:04"

// messages lists what administrators wrote to the guards, and takes another.
func (p *Pages) messages(w http.ResponseWriter, r *http.Request) {
	p.showMessages(w, r, http.StatusOK, typedMessage{ID: uuid.Must(uuid.NewV7()).String()}, nil)
}

func (p *Pages) showMessages(w http.ResponseWriter, r *http.Request, status int, typed typedMessage, wrong error) {
	f, err := p.siteFrame(r, "gates")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := messagesView{frame: f, Typed: typed}
	v.Title = v.T("page.messages")
	if r.Method != http.MethodGet {
		v.Here = "/messages"
	}
	switch q := r.URL.Query(); {
	case wrong != nil:
		v.Wrong = words.Sentence(v.Lang, parking.ErrorMessage(wrong))
	case q.Get("done") != "":
		v.Done = v.T("messages.done")
	case q.Get("gone") != "":
		v.Done = v.T("messages.gone")
	}
	if err := p.fillMessages(r, &v); err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, status, "messages", "", v)
}

func (p *Pages) fillMessages(r *http.Request, v *messagesView) error {
	gates, err := p.Books.Gates(r.Context(), v.Site.ID)
	if err != nil {
		return err
	}
	v.Gates = slices.DeleteFunc(gates, func(g books.Gate) bool { return g.RevokedAt != nil })
	rows, next, err := p.Books.Messages(r.Context(), v.Site.ID, r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	for i := range rows {
		v.Rows = append(v.Rows, v.row(&rows[i]))
	}
	if next != "" {
		v.Next = "/messages?" + url.Values{"after": {next}}.Encode()
	}
	return nil
}

// row is a message with what has become of it.
func (v *messagesView) row(m *books.Message) messageRow {
	row := messageRow{Message: *m, For: v.T("messages.all_gates")}
	if len(m.Gates) > 0 {
		row.For = strings.Join(m.Gates, ", ")
	}
	var unread []string
	for _, g := range v.Gates {
		if g.HasKey && m.ForGate(g.Code) && !m.ReadAt(g.Code) {
			unread = append(unread, g.Code)
		}
	}
	row.Unread = strings.Join(unread, ", ")
	switch {
	case m.Withdrawn:
		row.Pill = pill{look.Out, "×", v.T("messages.is.withdrawn")}
	case m.Over(v.At):
		row.Pill = pill{look.Out, "○", v.T("messages.is.over")}
	case len(unread) == 0 && len(m.Reads) > 0:
		row.Pill = pill{look.Free, "✓", v.T("messages.is.read")}
	default:
		row.Pill, row.Live = pill{look.Mine, "◆", v.T("messages.is.shown")}, true
	}
	return row
}

// messageSubmit sends one.
func (p *Pages) messageSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "gates")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	q := r.PostForm
	typed := typedMessage{ID: q.Get("id"), Text: q.Get("text"), Gates: q["gate"], Until: strings.TrimSpace(q.Get("until"))}
	in := passes.Message{Gates: typed.Gates, Text: typed.Text}
	if in.ID, err = uuid.Parse(typed.ID); err != nil { // not from our form: it is sent as often as asked
		in.ID = uuid.Must(uuid.NewV7())
		typed.ID = in.ID.String()
	}
	if err = nil; typed.Until != "" {
		in.Until, err = until(typed.Until, f.Site.Zone)
	}
	if err == nil {
		err = p.Passes.Tell(r.Context(), f.Me, in)
	}
	switch parking.ErrorCode(err) {
	case "":
		http.Redirect(w, r, "/messages?done=1", http.StatusSeeOther)
	case parking.Invalid, parking.TooLarge:
		p.showMessages(w, r, http.StatusUnprocessableEntity, typed, err)
	case parking.Conflict:
		typed.ID = uuid.Must(uuid.NewV7()).String()
		p.showMessages(w, r, http.StatusConflict, typed, err)
	default:
		p.fail(w, r, err)
	}
}

// until reads the end of a message, in the site's time.
func until(typed string, zone *time.Location) (*time.Time, error) {
	t, err := time.ParseInLocation(localMinute, typed, zone)
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The end of a message is written 2027-01-31T18:30.")
	}
	t = t.UTC()
	return &t, nil
}

// messageWithdraw takes one back.
func (p *Pages) messageWithdraw(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "gates")
	var id uuid.UUID
	if err == nil {
		if id, err = uuid.Parse(chi.URLParam(r, "id")); err != nil {
			err = errNoPage
		}
	}
	if err == nil {
		err = p.Passes.Withdraw(r.Context(), f.Me, id)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/messages?gone=1", http.StatusSeeOther)
}
