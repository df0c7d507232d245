package parking_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/parking"
)

func TestMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	good := parking.MessageVersion{Message: uuid.Must(uuid.NewV7()), Text: "Cổng Nam đóng lúc 22 giờ.\nXe đạp đi cổng Bắc.", By: "chi.huong", From: at}
	for name, c := range map[string]struct {
		change func(*parking.MessageVersion)
		fine   bool
	}{
		"as it should be":      {func(*parking.MessageVersion) {}, true},
		"for two gates":        {func(m *parking.MessageVersion) { m.Gates = []string{"N", "S"} }, true},
		"as long as it may be": {func(m *parking.MessageVersion) { m.Text = strings.Repeat("ố", parking.MaxMessage) }, true},
		"withdrawn":            {func(m *parking.MessageVersion) { m.Withdrawn, m.Until = true, &at }, true},
		"too long":             {func(m *parking.MessageVersion) { m.Text = strings.Repeat("ố", parking.MaxMessage+1) }, false},
		"too many lines":       {func(m *parking.MessageVersion) { m.Text = strings.Repeat("a\n", parking.MaxMessageLines) + "a" }, false},
		"empty":                {func(m *parking.MessageVersion) { m.Text = " \n " }, false},
		"a control character":  {func(m *parking.MessageVersion) { m.Text = "a\x1b[2J" }, false},
		"a tab":                {func(m *parking.MessageVersion) { m.Text = "a\tb" }, false},
		"no id":                {func(m *parking.MessageVersion) { m.Message = uuid.Nil }, false},
		"no time":              {func(m *parking.MessageVersion) { m.From = time.Time{} }, false},
		"an impossible end":    {func(m *parking.MessageVersion) { m.Until = &never }, false},
		"no gate":              {func(m *parking.MessageVersion) { m.Gates = []string{""} }, false},
		"too many gates":       {func(m *parking.MessageVersion) { m.Gates = make([]string, 1001) }, false},
		"a writer without end": {func(m *parking.MessageVersion) { m.By = strings.Repeat("x", 65) }, false},
	} {
		m := good
		c.change(&m)
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parking.DecodeBody(parking.Fact{Kind: parking.KindMessage, Body: body})
		if (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s: refused without a sentence: %v", name, err)
		}
	}
	for body, fine := range map[string]bool{`{"message":"018f0000-0000-7000-8000-000000000001"}`: true, `{}`: false, `{"message":"x"}`: false} {
		if _, err := parking.DecodeBody(parking.Fact{Kind: parking.KindMessageRead, Body: []byte(body)}); (err == nil) != fine {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestWhenAMessageHolds(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	until := from.Add(time.Hour)
	for name, c := range map[string]struct {
		message parking.MessageVersion
		at      time.Time
		holds   bool
	}{
		"before it was written": {parking.MessageVersion{From: from}, from.Add(-time.Second), false},
		"as it was written":     {parking.MessageVersion{From: from}, from, true},
		"a year later":          {parking.MessageVersion{From: from}, from.AddDate(1, 0, 0), true},
		"up to its end":         {parking.MessageVersion{From: from, Until: &until}, until.Add(-time.Second), true},
		"at its end":            {parking.MessageVersion{From: from, Until: &until}, until, false},
		"withdrawn":             {parking.MessageVersion{From: from, Withdrawn: true}, from, false},
	} {
		if got := c.message.Holds(c.at); got != c.holds {
			t.Errorf("%s: %v", name, got)
		}
	}
	two := parking.MessageVersion{Gates: []string{"N", "S"}}
	all := parking.MessageVersion{}
	if !two.ForGate("S") || two.ForGate("E") || !all.ForGate("E") {
		t.Error("whose message it is")
	}
}
