package admin

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// leakageCSV gives the marks of a period, all or those behind a figure, as CSV.
func (p *Pages) leakageCSV(w http.ResponseWriter, r *http.Request) {
	v, ok := p.leakageView(w, r)
	if !ok {
		return
	}
	if v.Wrong != "" {
		p.fail(w, r, parking.Errorf(parking.Invalid, "%s", v.Wrong))
		return
	}
	id := func(id uuid.UUID) string {
		if id == uuid.Nil {
			return ""
		}
		return id.String()
	}
	var buf bytes.Buffer
	buf.WriteString("\ufeff") // without it Excel does not read Vietnamese letters
	out := csv.NewWriter(&buf)
	rows := [][]string{{
		"what", "at", "gate", "lane", "actor", "shift", "stay", "plate", "before", "after", "reason", "fee_offered_minor", "fee_taken_minor",
		"money_minor", "currency", "other_stay",
	}}
	number := func(m parking.Money) string { return strconv.FormatInt(int64(m), 10) }
	for _, m := range chosenMarks(&v.Leakage, r.URL.Query()) {
		rows = append(rows, []string{
			m.What, m.At.In(v.Site.Zone).Format(time.RFC3339), cell(m.Gate), cell(m.Lane), cell(m.Actor), id(m.Shift), id(m.Stay), cell(m.Display),
			cell(m.Was), cell(m.Is), cell(m.Reason), number(m.Offered), number(m.Taken), number(m.Money), v.Site.Currency, id(m.Other),
		})
	}
	if err := out.WriteAll(rows); err != nil {
		p.fail(w, r, fmt.Errorf("write CSV: %w", err))
		return
	}
	download(w, "text/csv; charset=utf-8", "attachment", fmt.Sprintf("%s-leakage-%s_%s.csv", v.Site.Code, v.From, v.To))
	// A browser that is gone cannot be told anything.
	_, _ = w.Write(buf.Bytes())
}
