package admin

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/parking"
)

// What no column can hold is refused in a sentence, before anything is asked
// or written.
func TestAFormHoldsText(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]parking.Code{
		"Hai xe cùng biển số <b>": "", "x\x00y": parking.Invalid, "\xff\xfe": parking.Invalid,
	} {
		body := url.Values{"reason": {reason}}.Encode()
		r := httptest.NewRequest("POST", "/conflicts/1", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if err := form(httptest.NewRecorder(), r); parking.ErrorCode(err) != want {
			t.Errorf("%q: %v, want %q", reason, err, want)
		}
	}
}
