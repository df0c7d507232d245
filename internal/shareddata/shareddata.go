// Package shareddata finds the material that lies beside a developer's
// checkout: real photographs, known-good payment strings, registers. Programs
// never read it, a user's clone does not have it; only tests do.
package shareddata

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Required is the variable that, set to 1, turns the skip into a failure: for
// a run that is known to have the material, where a skip would hide a hole.
const Required = "PARK_SHARED_REQUIRED"

// Dir returns the path of ../shared/data, seen from the root of the
// repository. Where the folder ../shared is not there, the test is skipped,
// or fails if Required is 1. A ../shared without data is always a failure.
func Dir(t testing.TB) string {
	t.Helper()
	shared := filepath.Join(filepath.Dir(repository(t)), "shared")
	if _, err := os.Stat(shared); err != nil {
		if os.Getenv(Required) == "1" {
			t.Fatalf("%s=1 but there is no ../shared beside this checkout: %v", Required, err)
		}
		t.Skip("../shared is not beside this checkout")
	}
	data := filepath.Join(shared, "data")
	if _, err := os.Stat(data); err != nil {
		t.Fatalf("../shared is there and holds no data: %v", err)
	}
	return data
}

// repository is the root of the checkout: the nearest folder above this file
// with a go.mod. The sources are asked first; a binary built with -trimpath
// does not know them, and then the test's own folder is taken.
func repository(t testing.TB) string {
	t.Helper()
	start, err := os.Getwd()
	if err != nil {
		t.Fatalf("find the working folder: %v", err)
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		start = filepath.Dir(file)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatalf("no go.mod above %s", start)
		}
	}
}
