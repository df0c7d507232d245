package parking_test

import (
	"encoding/json"
	"testing"
	"time"

	"gatehouse/parking"
)

func TestTariffUnits(t *testing.T) {
	t.Parallel()
	type units struct {
		M parking.Minutes
		C parking.ClockTime
		D parking.LocalDate
	}
	for in, want := range map[string]string{
		`{"M":"1h30m","C":"24:00","D":"2028-02-29"}`: `{"M":"90m","C":"00:00","D":"2028-02-29"}`,
		`{"M":"0","C":"06:05","D":"1970-01-01"}`:     `{"M":"0m","C":"06:05","D":"1970-01-01"}`,
	} {
		var u units
		if err := json.Unmarshal([]byte(in), &u); err != nil {
			t.Fatal(err)
		}
		if out, err := json.Marshal(u); err != nil || string(out) != want {
			t.Errorf("%s became %s, %v", in, out, err)
		}
	}
	for _, in := range []string{
		`{"M":"90s"}`, `{"M":"15"}`, `{"M":"-1m"}`, `{"M":"9000h"}`, `{"C":"6:00"}`, `{"C":"24:01"}`, `{"C":"12:60"}`, `{"C":"+1:00"}`,
		`{"D":"2027-02-29"}`, `{"D":"1.1.2027"}`, `{"D":"1969-12-31"}`,
	} {
		if err := json.Unmarshal([]byte(in), &units{}); parking.ErrorCode(err) != parking.Invalid {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestDayStart(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"Asia/Ho_Chi_Minh": "2027-09-05T00:00:00+07:00",
		"America/Santiago": "2027-09-05T01:00:00-03:00", // its clocks skip midnight
	} {
		tariff := parking.Tariff{Timezone: zone}
		got, err := tariff.DayStart(parking.MakeLocalDate(2027, 9, 5))
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v; want %s", zone, got, err, want)
		}
	}
}

func FuzzParseTariffJSON(f *testing.F) {
	for _, tariff := range []*parking.Tariff{carPark(nil), hanoi()} {
		b, err := json.Marshal(tariff)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"id":"x"} {}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tariff, err := parking.ParseTariffJSON(b)
		if err != nil {
			if code := parking.ErrorCode(err); code != parking.Invalid && code != parking.TooLarge {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		in := date(2027, 3, 13)
		for class := range tariff.Classes {
			q, err := tariff.Quote(parking.QuoteRequest{Class: class, In: in, Out: in.Add(100 * time.Hour)})
			if err != nil || q.Fee < 0 {
				t.Fatalf("a valid tariff priced a stay at %d: %v", q.Fee, err)
			}
		}
	})
}
