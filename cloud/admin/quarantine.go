package admin

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/cloud/books"
	"gatehouse/cloud/settle"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type quarantineView struct {
	frame
	Items []quarantinedView
	Older string
	Done  string
	Wrong string
}

type quarantinedView struct {
	books.Quarantined
	Raw   string // safe to show
	Size  string
	More  string // "" when all is shown
	Typed string
}

// shownRaw bounds how much of an item a page shows.
const shownRaw = 2000

// quarantine lists what could not be read.
func (p *Pages) quarantine(w http.ResponseWriter, r *http.Request) {
	p.showQuarantine(w, r, http.StatusOK, "", settle.Item{}, "")
}

func (p *Pages) showQuarantine(w http.ResponseWriter, r *http.Request, status int, wrong string, item settle.Item, reason string) {
	f, err := p.siteFrame(r, "quarantine")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	var older *books.QuarantineCursor
	if text := r.URL.Query().Get("older"); text != "" {
		older = new(books.QuarantineCursor)
		if json.Unmarshal([]byte(text), older) != nil || strings.ContainsRune(older.Gate+older.Epoch, 0) {
			p.fail(w, r, parking.Errorf(parking.Invalid, "There is no such page of quarantine."))
			return
		}
	}
	rows, next, err := p.Books.Quarantine(r.Context(), f.Site.ID, older)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := quarantineView{frame: f, Wrong: wrong}
	v.Here = "/quarantine"
	if r.URL.Query().Get("done") != "" && wrong == "" {
		v.Done = v.T("quarantine.done")
	}
	for _, q := range rows {
		row := quarantinedView{Quarantined: q, Size: v.Num(len(q.Raw))}
		raw := q.Raw
		if len(raw) > shownRaw {
			raw, row.More = raw[:shownRaw], v.T("quarantine.cut", v.Num(len(q.Raw)-shownRaw))
		}
		row.Raw = safely(raw)
		if item == (settle.Item{Gate: q.Gate, Epoch: q.Epoch, Seq: q.Seq, SHA256: q.SHA256}) {
			row.Typed = reason
		}
		v.Items = append(v.Items, row)
	}
	if next != nil {
		text, err := json.Marshal(next)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		v.Older = "/quarantine?" + url.Values{"older": {string(text)}}.Encode()
	}
	p.show(w, r, status, "quarantine", "", v)
}

// safely writes bytes so that they can be looked at and do nothing: text with
// what cannot be seen made visible, or else hex.
func safely(raw []byte) string {
	for len(raw) > 0 && len(raw) >= shownRaw-utf8.UTFMax { // a letter that was cut in the middle
		if r, n := utf8.DecodeLastRune(raw); r != utf8.RuneError || n != 1 {
			break
		}
		raw = raw[:len(raw)-1]
	}
	if !utf8.Valid(raw) {
		return strings.TrimRight(hex.Dump(raw), "\n")
	}
	var b strings.Builder
	for _, r := range string(raw) {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// quarantineDiscard gives an item up.
func (p *Pages) quarantineDiscard(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "quarantine")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	get := r.PostForm.Get
	seq, err := strconv.ParseInt(get("seq"), 10, 64)
	if err != nil {
		p.fail(w, r, errNoPage)
		return
	}
	item := settle.Item{Gate: get("gate"), Epoch: get("epoch"), Seq: seq, SHA256: get("sha256")}
	err = p.Settle.DiscardItem(r.Context(), f.Me, item, get("reason"))
	switch parking.ErrorCode(err) {
	case "":
		http.Redirect(w, r, "/quarantine?done=1", http.StatusSeeOther)
	case parking.Invalid:
		p.showQuarantine(w, r, http.StatusUnprocessableEntity, words.Sentence(f.Lang, parking.ErrorMessage(err)), item, get("reason"))
	default:
		p.fail(w, r, err)
	}
}
