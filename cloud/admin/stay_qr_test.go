package admin_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/parking"
)

var codeSource = regexp.MustCompile(`src="(/stays/[0-9a-f-]+/payments/[0-9a-f-]+)"`)

// The VietQR on the page of a stay is read by an independent reader as what the
// gate has asked for.
func TestTheVietQROfAStay(t *testing.T) {
	t.Parallel()
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing; install the package zbar-tools (the task that runs all tests does)")
	}
	o := open(t)
	asked := o.asks()
	o.Exec("UPDATE sites SET bank_bin = '970436' WHERE id = $1", o.ID)
	var stay uuid.UUID
	if err := o.Store.Pool.QueryRow(t.Context(), "SELECT stay_id FROM payments WHERE reference = $1", asked[0]).Scan(&stay); err != nil {
		t.Fatal(err)
	}
	b := o.signedIn()
	path := "/stays/" + stay.String()
	_, page := o.get(b, path)
	wellFormed(t, path, page)
	found := codeSource.FindStringSubmatch(page)
	if found == nil || !strings.Contains(page, asked[0]) {
		t.Fatalf("no code on the page:\n%s", page)
	}
	status, picture := o.get(b, found[1])
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, picture)
	}
	file := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(file, []byte(picture), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	code, err := parking.DecodeVietQR(strings.TrimSpace(string(read)))
	if err != nil || code.BIN != "970436" || code.Account != "0011001234567" || code.Amount != 5000 || code.Memo != asked[0] {
		t.Errorf("read %s: %+v, %v", read, code, err)
	}
	// One that was paid, or is of another stay, has none.
	other := "/stays/" + uuid.NewString() + found[1][len(path):]
	if status, _ := o.get(b, other); status != http.StatusNotFound {
		t.Errorf("another stay: %d", status)
	}
	o.transferred(`"transferAmount":5000,"content":"QR ` + asked[0] + `"`)
	if status, _ := o.get(b, found[1]); status != http.StatusNotFound {
		t.Errorf("paid: %d", status)
	}
	if _, page := o.get(b, path); codeSource.MatchString(page) {
		t.Error("what was paid is still asked for")
	}
}
