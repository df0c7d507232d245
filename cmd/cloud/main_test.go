package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/private/privatetest"
)

// try runs the program and returns its exit code and what it printed.
func try(ctx context.Context, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(ctx, args, &o, &e)
	return code, o.String(), e.String()
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := try(t.Context(), args...)
	if code != 0 {
		t.Fatalf("cloud %s: exit %d: %s", strings.Join(args, " "), code, errs)
	}
	return out
}

// From an empty database to a server that is ready, and down again.
func TestFromNothingToServing(t *testing.T) {
	empty := func(context.Context, string) error { return nil }
	t.Setenv("PARK_DATABASE_URL", privatetest.Database(t, empty))
	t.Setenv("PARK_REDIS_URL", privatetest.Redis(t))
	for range 2 { // migrating again changes nothing
		must(t, "migrate")
	}
	var made struct {
		SiteCode string `json:"site_code"`
		Users    []struct{ Name, Role, Password string }
	}
	if err := json.Unmarshal([]byte(must(t, "seed", "--json")), &made); err != nil || made.SiteCode != "demo" || len(made.Users) != 5 {
		t.Fatalf("seed: %+v %v", made, err)
	}
	if out := must(t, "seed"); !strings.Contains(out, "there already") || strings.Contains(out, made.Users[0].Password) {
		t.Errorf("seed again: %s", out)
	}
	var once struct{ Code, Expires string }
	if err := json.Unmarshal([]byte(must(t, "gate", "code", "--site", "demo", "--gate", "N", "--json")), &once); err != nil || len(once.Code) != 14 {
		t.Errorf("gate code: %+v %v", once, err)
	}
	if out := must(t, "gate", "list"); strings.Count(out, "not enrolled") != 4 {
		t.Errorf("gate list: %s", out)
	}
	if out := must(t, "user", "add", "chi", "--display", "Chi"); !strings.HasPrefix(out, "chi ") {
		t.Errorf("user add: %s", out)
	}
	if out := must(t, "user", "password", "chi"); !strings.HasPrefix(out, "chi ") {
		t.Errorf("user password: %s", out)
	}
	if out := must(t, "user", "list"); strings.Count(out, "\n") != 6 {
		t.Errorf("user list: %s", out)
	}

	addrFile := filepath.Join(t.TempDir(), "addr")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan string, 1)
	go func() {
		_, _, errs := try(ctx, "serve", "--listen", "127.0.0.1:0", "--addr-file", addrFile, "--photos", t.TempDir(), "--log-level", "error")
		ended <- errs
	}()
	deadline := time.Now().Add(30 * time.Second)
	var addr string
	for addr == "" {
		if b, err := os.ReadFile(addrFile); err == nil {
			addr = strings.TrimSpace(string(b))
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not start")
		}
	}
	listen := strings.TrimPrefix(addr, "http://")
	must(t, "health", "--listen", listen)
	stop()
	if errs := <-ended; errs != "" {
		t.Errorf("serve ended with: %s", errs)
	}
	if code, _, errs := try(t.Context(), "health", "--listen", listen); code != 1 || !strings.Contains(errs, "does not answer") {
		t.Errorf("health of a server that ended: %d %s", code, errs)
	}
}

func TestMistakes(t *testing.T) {
	t.Setenv("PARK_DATABASE_URL", "")
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"serve", "--unknown"}, 2, "unknown flag"},
		{[]string{"nonsense"}, 2, "nonsense"},
		{[]string{}, 2, "expected one of"},
		{[]string{"migrate"}, 2, "PARK_DATABASE_URL"},
		{[]string{"migrate", "--database-file", "/nowhere"}, 2, "cannot be read"},
		{[]string{"migrate", "--database", "postgres://127.0.0.1:1/x?connect_timeout=1"}, 1, "migrate"},
		{[]string{"user", "add", "x", "--role", "king"}, 2, "--role"},
		{[]string{"health", "--listen", "here"}, 2, "host:port"},
		{[]string{"quote", "--class", "car"}, 2, "--tariff"},
	} {
		code, _, errs := try(t.Context(), test.args...)
		if code != test.code || !strings.Contains(errs, test.says) || !strings.HasPrefix(errs, "cloud: ") {
			t.Errorf("cloud %v: %d %s", test.args, code, errs)
		}
	}
	if code, out, _ := try(t.Context(), "--help"); code != 0 || !strings.Contains(out, "vietqr") {
		t.Errorf("help: %d %s", code, out)
	}
}

func TestConfigBlotsSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("postgres://park:s3cret@db/park\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PARK_DATABASE_URL", "")
	t.Setenv("PARK_DATABASE_URL_FILE", file)
	t.Setenv("PARK_REDIS_URL", "redis://:s3cret@redis:6379/0")
	out := must(t, "config")
	if strings.Contains(out, "s3cret") || !strings.Contains(out, "park:xxxxx@db") || !strings.Contains(out, `"listen": "127.0.0.1:8080"`) {
		t.Errorf("config: %s", out)
	}
}
