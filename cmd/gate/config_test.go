package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/gate/setup"
)

// gate run takes gate.yaml of its data folder; a variable goes before it, and a
// flag before both. What is not understood is refused.
func TestConfigurationFile(t *testing.T) {
	t.Parallel()
	dir := knownFolder(t)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, setup.FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says := func(env string, args ...string) string {
		t.Helper()
		cmd := program(t, append([]string{"run", "--data", dir, "--headless"}, args...)...)
		if env != "" {
			cmd.Env = append(cmd.Env, env)
		}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Run(); err == nil || strings.Contains(errs.String(), "goroutine") {
			t.Errorf("%q %v: %v, %q", env, args, err, errs.String())
		}
		return errs.String()
	}
	write("camera:\n  \"1\": folder:/filed\nphotos-gb: 3\nssh-act: [10.0.0.0/8]\nno-discovery: true\nvision: /nowhere/vision\n")
	for _, c := range []struct {
		env  string
		args []string
		says string
	}{
		{"", nil, `"/filed"`},
		{"PARK_GATE_CAMERA=1=folder:/variable", nil, `"/variable"`},
		{"PARK_GATE_CAMERA=1=folder:/variable", []string{"--camera", "1=folder:/flag"}, `"/flag"`},
	} {
		if got := says(c.env, c.args...); !strings.Contains(got, "The picture folder "+c.says+" cannot be read.") {
			t.Errorf("%q %v: %q", c.env, c.args, got)
		}
	}
	write("camra: x\n")
	if got := says(""); !strings.Contains(got, setup.FileName) || !strings.Contains(got, `unknown field "camra"`) || strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}

// Without a terminal gate init asks nothing, and says what is missing.
func TestInitWithoutATerminal(t *testing.T) {
	t.Parallel()
	out, errs, exit := output(t, "init", "--data", filepath.Join(t.TempDir(), "gate"), "--cloud", "http://127.0.0.1:1", "--code", "X", "--language", "en")
	if exit != 1 || !strings.Contains(errs, "gate: ") || strings.Contains(errs, "goroutine") || !strings.Contains(out, "Asking the cloud") {
		t.Errorf("%d %q %q", exit, out, errs)
	}
}

// A gate that is enrolled tells its lanes without the cloud; what init wrote is
// what run takes.
func TestInitOfAKnownGate(t *testing.T) {
	t.Parallel()
	dir := knownFolder(t)
	out, errs, exit := output(t, "init", "--data", dir, "--camera", "1=sim:?seed=3", "--barrier", "1=none:", "--barrier", "2=sim:", "--language", "en")
	if exit != 0 || !strings.Contains(out, "Gate N of Bãi xe Trung Tâm, 2 lanes") || !strings.Contains(out, "a picture of 640 × 480") {
		t.Fatalf("%d %q %q", exit, out, errs)
	}
	f, values, err := setup.Read(dir)
	if err != nil || f.Camera["1"] != "sim:?seed=3" || f.Barrier["2"] != "sim:" || f.Language != "en" || len(values) != 3 {
		t.Errorf("%+v, %v, %v", f, values, err)
	}
	out, errs, exit = output(t, "init", "--data", dir, "--camera", "2=folder:/nowhere", "--no-ask")
	if again, _, err := setup.Read(dir); exit != 1 || !strings.Contains(errs, "--go-on") || err != nil || len(again.Camera) != 1 {
		t.Errorf("%d %q %q", exit, out, errs)
	}
}
