package admin

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gatehouse/cloud/auth"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

type discountsView struct {
	frame
	Codes []discountRow
	ADay  string // as typed
	Wrong string
	Done  bool
}

type discountRow struct {
	Code, Off string
	Guards    bool
}

// discounts shows which discounts guards may give.
func (p *Pages) discounts(w http.ResponseWriter, r *http.Request) {
	p.showDiscounts(w, r, http.StatusOK, nil, "", "")
}

func (p *Pages) showDiscounts(w http.ResponseWriter, r *http.Request, status int, chosen []string, aDay, wrong string) {
	f, err := p.siteFrame(r, "revenue")
	var known map[string]parking.Discount
	var rules auth.DiscountRules
	if err == nil {
		known, rules, err = p.Auth.Discounts(r.Context(), f.Me)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	v := discountsView{frame: f, ADay: aDay, Wrong: wrong, Done: wrong == "" && r.URL.Query().Get("done") != ""}
	v.Title, v.Here = v.T("page.discounts"), "/discounts"
	if wrong == "" {
		chosen, v.ADay = rules.Guards, strconv.Itoa(rules.ADay)
	}
	codes := slices.Concat(slices.Collect(maps.Keys(known)), rules.Guards)
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		row := discountRow{Code: code, Off: v.T("discounts.gone"), Guards: slices.Contains(chosen, code)}
		switch d := known[code]; {
		case d.Percent != nil:
			row.Off = strconv.Itoa(*d.Percent) + " %"
		case d.Amount != nil:
			row.Off = v.Money(*d.Amount)
		}
		v.Codes = append(v.Codes, row)
	}
	p.show(w, r, status, "discounts", "", v)
}

// discountsSubmit changes it.
func (p *Pages) discountsSubmit(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "revenue")
	if err == nil {
		err = form(w, r)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	typed := strings.TrimSpace(r.PostForm.Get("a_day"))
	rules := auth.DiscountRules{Guards: slices.Clone(r.PostForm["code"])}
	if rules.ADay, err = strconv.Atoi(typed); err != nil {
		rules.ADay = -1
	}
	switch err = p.Auth.SetDiscounts(r.Context(), f.Me, rules); parking.ErrorCode(err) {
	case "":
		http.Redirect(w, r, "/discounts?done=1", http.StatusSeeOther)
	case parking.Invalid:
		p.showDiscounts(w, r, http.StatusUnprocessableEntity, r.PostForm["code"], typed, words.Sentence(f.Lang, parking.ErrorMessage(err)))
	default:
		p.fail(w, r, err)
	}
}
