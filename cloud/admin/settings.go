package admin

import (
	"net/http"
	"strconv"
	"strings"

	"gatehouse/cloud/auth"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type settingsView struct {
	frame
	auth.SiteSettings
	Percent string // as typed
	Wrong   string
	Done    bool
}

// settings shows what stands on receipts, and the bank account.
func (p *Pages) settings(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "settings")
	var now auth.SiteSettings
	if err == nil {
		now, err = p.Auth.Settings(r.Context(), f.Me)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := settingsView{frame: f, SiteSettings: now, Percent: strconv.Itoa(now.TaxPercent), Done: r.URL.Query().Get("done") != ""}
	p.show(w, r, http.StatusOK, "settings", "", v)
}

// settingsSubmit changes them.
func (p *Pages) settingsSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "settings")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := settingsView{frame: f, Percent: strings.TrimSpace(r.PostForm.Get("tax_percent")), SiteSettings: auth.SiteSettings{
		Operator: r.PostForm.Get("operator"), Address: r.PostForm.Get("address"), TaxCode: r.PostForm.Get("tax_code"),
		ReceiptNote: r.PostForm.Get("note"), BankBIN: r.PostForm.Get("bank_bin"), BankAccount: r.PostForm.Get("bank_account"),
	}}
	v.Here = "/settings"
	if v.TaxPercent, err = strconv.Atoi(v.Percent); err != nil {
		v.TaxPercent = -1
	}
	err = p.Auth.SetSettings(r.Context(), f.Me, v.SiteSettings)
	switch {
	case err == nil:
		http.Redirect(w, r, "/settings?done=1", http.StatusSeeOther)
	case parking.ErrorCode(err) == parking.Invalid:
		v.Wrong = words.Sentence(f.Lang, parking.ErrorMessage(err))
		p.show(w, r, http.StatusUnprocessableEntity, "settings", "", v)
	default:
		p.fail(w, r, err)
	}
}
