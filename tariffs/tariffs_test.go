package tariffs_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"gatehouse/parking"
	"gatehouse/tariffs"
)

func TestShippedTariffsSurviveJSON(t *testing.T) {
	t.Parallel()
	for _, tariff := range []*parking.Tariff{tariffs.DefaultTariff(), tariffs.HanoiMotorbike()} {
		b, err := json.Marshal(tariff)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parking.ParseTariffJSON(b)
		if err != nil {
			t.Fatalf("%s: %v", tariff.ID, err)
		}
		if diff := cmp.Diff(tariff, again); diff != "" {
			t.Errorf("%s changed on the way through JSON (-before +after):\n%s", tariff.ID, diff)
		}
		if tariff.Hash() != again.Hash() || len(tariff.Hash()) != 64 {
			t.Errorf("%s: hash %q became %q", tariff.ID, tariff.Hash(), again.Hash())
		}
		// The same document also reads as YAML, which JSON is.
		yamlAgain, err := tariffs.Parse(b)
		if err != nil {
			t.Fatalf("%s as YAML: %v", tariff.ID, err)
		}
		if yamlAgain.Hash() != tariff.Hash() {
			t.Errorf("%s read as YAML has another hash", tariff.ID)
		}
	}
}

func TestDefaultTariffPrices(t *testing.T) {
	t.Parallel()
	tariff := tariffs.DefaultTariff()
	in := time.Date(2027, 3, 1, 1, 0, 0, 0, time.UTC) // 08:00 in Vietnam
	for _, c := range []struct {
		class   parking.Class
		minutes int
		want    parking.Money
	}{
		{parking.Car, 0, 5000},
		{parking.Car, 60, 5000},
		{parking.Car, 61, 8000},
		{parking.Car, 120, 8000},
		{parking.Car, 121, 11000},
		{parking.Car, 24 * 60, 74000},
		{parking.Motorbike, 599, 5000},
		{parking.Motorbike, 600, 5000},
		{parking.Motorbike, 601, 12000},
		{parking.Motorbike, 24 * 60, 12000 + 5000},
		{parking.Bicycle, 600, 3000},
		{parking.Bicycle, 601, 7000},
	} {
		q, err := tariff.Quote(parking.QuoteRequest{Class: c.class, In: in, Out: in.Add(time.Duration(c.minutes) * time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		if q.Fee != c.want {
			t.Errorf("%s for %d minutes costs %d, want %d", c.class, c.minutes, q.Fee, c.want)
		}
	}
}

const head = "id: x\ncurrency: VND\ntimezone: Asia/Ho_Chi_Minh\n"

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	car := func(rest string) string { return head + "classes:\n  car:\n" + rest }
	blocks := "    blocks: {first: {length: 60m, price: 5000}, then: {length: 60m, price: 3000}}\n"
	bike := func(turns string) string { return head + "classes: {motorbike: {turns: [" + turns + "]}}\n" }
	for name, c := range map[string]struct{ yaml, want string }{
		"empty":            {"", "one YAML document"},
		"deep":             {strings.Repeat("[", 100), "brackets"},
		"two documents":    {head + "---\n" + head, "one YAML document"},
		"a list":           {"- 1\n", "no tariff"},
		"not YAML":         {"id: [", "cannot be read"},
		"unknown key":      {car(blocks) + "graze: 5m\n", "graze"},
		"unknown in class": {car(blocks + "    lost: 5\n"), "lost"},
		"key twice":        {car(blocks) + "id: y\n", "id"},
		"alias":            {"id: &a x\ncurrency: *a\n", "anchors"},
		"no classes":       {head, "classes is missing"},
		"no price":         {car("    blocks: {first: {length: 60m}, then: {length: 60m, price: 1}}\n"), "classes.car.blocks.first.price is missing"},
		"no then":          {car("    blocks: {first: {length: 60m, price: 1}}\n"), "classes.car.blocks.then is missing"},
		"half a dong":      {car("    blocks: {first: {length: 60m, price: 5000.5}, then: {length: 60m, price: 1}}\n"), "classes.car.blocks.first.price: \"5000.5\" is not a whole number"},
		"no unit":          {car(blocks) + "grace: 15\n", "grace"},
		"seconds":          {car(blocks) + "grace: 90s\n", "grace"},
		"negative grace":   {car(blocks) + "grace: -5m\n", "grace"},
		"zero length":      {car("    blocks: {first: {length: 0m, price: 1}, then: {length: 60m, price: 1}}\n"), "classes.car.blocks.first.length"},
		"negative price":   {car("    blocks: {first: {length: 1m, price: -1}, then: {length: 60m, price: 1}}\n"), "classes.car.blocks.first.price"},
		"rounding 0":       {car(blocks) + "rounding: 0\n", "rounding"},
		"bad zone":         {strings.Replace(car(blocks), "Ho_Chi_Minh", "Saigonn", 1), "timezone"},
		"local zone":       {strings.Replace(car(blocks), "Asia/Ho_Chi_Minh", "Local", 1), "timezone"},
		"currency":         {strings.Replace(car(blocks), "VND", "dong", 1), "currency"},
		"cap with turns": {head + "classes:\n  car:\n    turns: [{name: a, from: \"00:00\", to: \"00:00\", price: 1}]\n" +
			"    cap: {per: calendar_day, price: 1}\n", "classes.car.cap"},
		"cap per week":      {car(blocks + "    cap: {per: week, price: 1}\n"), "classes.car.cap.per"},
		"together of block": {car(blocks + "    together: [{of: [a, b], price: 1}]\n"), "classes.car.together"},
		"both":              {car(blocks + "    turns: [{name: a, from: \"00:00\", to: \"00:00\", price: 1}]\n"), "both"},
		"neither":           {car("    lost_ticket: 1\n"), "neither"},
		"gap": {
			bike(`{name: a, from: "06:00", to: "18:00", price: 1}, {name: b, from: "18:01", to: "06:00", price: 1}`),
			"classes.motorbike.turns must cover the whole day; 1 minutes",
		},
		"overlap": {
			bike(`{name: a, from: "06:00", to: "18:00", price: 1}, {name: b, from: "17:59", to: "06:00", price: 1}`),
			"classes.motorbike.turns[1] overlaps",
		},
		"name twice": {
			bike(`{name: a, from: "06:00", to: "18:00", price: 1}, {name: a, from: "18:00", to: "06:00", price: 1}`),
			"classes.motorbike.turns[1].name",
		},
		"no such hour": {bike(`{name: a, from: "25:00", to: "25:00", price: 1}`), "classes.motorbike.turns[0].from"},
		"unknown pair": {
			head + "classes: {m: {turns: [{name: a, from: \"00:00\", to: \"00:00\", price: 1}], together: [{of: [a, z], price: 1}]}}\n",
			"classes.m.together[0].of",
		},
		"percent 101":   {car(blocks) + "discounts: {A: {percent: 101}}\n", "discounts.A.percent"},
		"both discount": {car(blocks) + "discounts: {A: {percent: 1, amount: 1}}\n", "discounts.A"},
		"no discount":   {car(blocks) + "discounts: {A: {}}\n", "discounts.A"},
		"no such date":  {car(blocks) + "holidays: {dates: [\"2027-02-29\"], percent: 150}\n", "holidays.dates[0]"},
		"no percent":    {car(blocks) + "holidays: {dates: [\"2027-02-28\"]}\n", "holidays.percent is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tariffs.Parse([]byte(c.yaml))
			if parking.ErrorCode(err) != parking.Invalid || !strings.Contains(parking.ErrorMessage(err), c.want) {
				t.Errorf("got %v, want a sentence with %q", err, c.want)
			}
		})
	}
	if _, err := tariffs.Parse(make([]byte, tariffs.MaxBytes+1)); parking.ErrorCode(err) != parking.TooLarge {
		t.Errorf("a document over the limit: %v", err)
	}
}

// Every form of the design document, unquoted dates and times included.
func TestParseTakesEveryForm(t *testing.T) {
	t.Parallel()
	tariff, err := tariffs.Parse([]byte(head + `
grace: 1h30m
rounding: 500
classes:
  car:
    blocks:
      first: {length: 60m, price: 5000}
      then:  {length: 60m, price: 3000}
    cap: {per: rolling_24h, price: 60000}
    lost_ticket: 0
  motorbike:
    turns:
      - {name: day,   from: 06:00, to: 18:00, price: 5000}
      - {name: night, from: 18:00, to: 24:00, price: 8000}
      - {name: early, from: 00:00, to: 06:00, price: 8000}
    together:
      - {of: [day, night], price: 12000}
holidays:
  dates: [2027-01-01, "2027-04-30"]
  percent: 150
discounts:
  STAFF: {percent: 100}
  SHOP1: {amount: 5000}
`))
	if err != nil {
		t.Fatal(err)
	}
	if tariff.Grace != 90 || tariff.ExitWindow != 15 || tariff.QuoteHold != 10 || tariff.Rounding != 500 {
		t.Errorf("head read as %+v", tariff)
	}
	bike := tariff.Classes[parking.Motorbike]
	if bike.Turns[1].To != 0 || bike.Turns[0].From != 360 || bike.LostTicket != nil {
		t.Errorf("motorbike read as %+v", bike)
	}
	if lost := tariff.Classes[parking.Car].LostTicket; lost == nil || *lost != 0 {
		t.Errorf("a lost ticket at 0 read as %v", lost)
	}
	if got := tariff.Holidays.Dates[1].String(); got != "2027-04-30" {
		t.Errorf("holiday read as %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"default.yaml", "hanoi_motorbike.yaml", "city_caps.yaml"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(head + "classes: {a: {turns: [{name: x, from: \"00:00\", to: \"00:00\", price: 1}]}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tariff, err := tariffs.Parse(b)
		if err != nil {
			if code := parking.ErrorCode(err); code != parking.Invalid && code != parking.TooLarge {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		j, err := json.Marshal(tariff)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parking.ParseTariffJSON(j)
		if err != nil {
			t.Fatalf("taken as YAML, refused as its own JSON: %v", err)
		}
		if again.Hash() != tariff.Hash() {
			t.Fatal("the hash changed on the way through JSON")
		}
		in := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
		for class := range tariff.Classes {
			if q, err := tariff.Quote(parking.QuoteRequest{Class: class, In: in, Out: in.Add(50 * time.Hour)}); err != nil || q.Fee < 0 {
				t.Fatalf("a valid tariff priced a stay at %d: %v", q.Fee, err)
			}
		}
	})
}
