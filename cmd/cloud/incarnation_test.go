package main

import (
	"strings"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
)

func TestIncarnation(t *testing.T) {
	s := cloudtest.NewSite(t, nil)
	t.Setenv("PARK_DATABASE_URL", s.URL)
	show := func() string { return strings.Fields(must(t, "incarnation", "show"))[0] }
	first := show()
	if show() != first || len(first) != 36 {
		t.Fatalf("looking at it changed it: %s, then %s", first, show())
	}
	for _, args := range [][]string{{}, {"--confirm", "yes"}} {
		code, out, errs := try(t.Context(), append([]string{"incarnation", "renew"}, args...)...)
		if code != 2 || !strings.Contains(errs, `--confirm "every gate begins anew"`) || out != "" || show() != first {
			t.Errorf("%v: %d %s%s", args, code, out, errs)
		}
	}
	out := must(t, "incarnation", "renew", "--confirm", "every gate begins anew")
	if now := show(); now == first || !strings.HasPrefix(out, now+"\n") || !strings.Contains(out, "it was "+first) {
		t.Errorf("renewed to %s: %s", now, out)
	}
}
