package feed

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// The welcome says how far the gate's main series are held, by any fact of the
// site, so that an older disk goes on after them; other series are not told.
func TestWelcomeTellsOfReceipts(t *testing.T) {
	t.Parallel()
	d := newDesk(t, nil)
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	year := time.Now().In(zone).Year()
	main := parking.ReceiptSeries("N", year)
	for i, subject := range []string{main + " 9", main + " 41", main + " 10", main + "-ABC234 77", parking.ReceiptSeries("S", year) + " 99"} {
		_, err := d.site.Store.Pool.Exec(t.Context(), `INSERT INTO facts (tenant_id, site_id, at, id, gate, epoch, seq, kind, actor, encoded, subject)
			VALUES ($1, $2, now(), $3, 'N', $4, $5, 'receipt_issued', 'an', '{}', $6)`,
			d.site.Tenant, d.site.ID, uuid.New(), "00000001-0100000000000000", i+1, subject)
		if err != nil {
			t.Fatal(err)
		}
	}
	_, w := d.dial(wire.Hello{Gate: "N"})
	want := map[string]int64{parking.ReceiptSeries("N", year-1): 0, main: 41, parking.ReceiptSeries("N", year+1): 0}
	if fmt.Sprint(w.Receipts) != fmt.Sprint(want) {
		t.Errorf("told of %v, want %v", w.Receipts, want)
	}
}
