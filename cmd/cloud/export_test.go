package main

import (
	"strings"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
)

func TestExport(t *testing.T) {
	s := cloudtest.NewSite(t, nil)
	t.Setenv("PARK_DATABASE_URL", s.URL)
	if out := must(t, "export", "--canonical", "--site", s.Code); out != "" {
		t.Errorf("a site without facts: %s", out)
	}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"export", "--site", s.Code}, 2, "--canonical"},
		{[]string{"export", "--canonical", "--site", "nowhere"}, 1, `no site "nowhere"`},
	} {
		code, out, errs := try(t.Context(), test.args...)
		if code != test.code || !strings.Contains(errs, test.says) || out != "" {
			t.Errorf("cloud %v: %d %s", test.args, code, errs)
		}
	}
	if out := must(t, "export", "--help"); !strings.Contains(out, "--canonical") {
		t.Errorf("help: %s", out)
	}
}
