package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/gate/settings"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

func TestSettingsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := settings.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if f.Local() != settings.Default() || f.Guard("lan") != settings.Default() {
		t.Fatalf("a new gate has %+v", f.Local())
	}
	local, lan := settings.Default(), settings.Default()
	local.Language, local.Theme, local.LockMinutes = "en", look.HighContrast, 0
	lan.Pictures, lan.Bell, lan.Letters = settings.PicturesOff, false, settings.LettersASCII
	if err := f.KeepLocal(local); err != nil {
		t.Fatal(err)
	}
	if err := f.KeepGuard("lan/../x", lan); err != nil { // a name is no path
		t.Fatal(err)
	}
	again, err := settings.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.Local() != local || again.Guard("lan/../x") != lan || again.Guard("binh") != settings.Default() {
		t.Errorf("kept: %+v, %+v", again.Local(), again.Guard("lan/../x"))
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	if info, err := left[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// A file that is not understood costs the settings, not the console, and is
// left as it is until somebody changes a setting.
func TestDamagedSettings(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"cut off":        `{"local": {"theme"`,
		"unknown key":    `{"locale": {}}`,
		"unknown theme":  `{"local": {"theme": "pink"}}`,
		"language":       `{"local": {"language": "fr"}}`,
		"pictures":       `{"guards": {"lan": {"pictures": "film"}}}`,
		"letters":        `{"guards": {"lan": {"letters": "runes"}}}`,
		"minutes":        `{"local": {"lock_minutes": -1}}`,
		"minutes, large": `{"local": {"lock_minutes": 100000}}`,
		"too large":      strings.Repeat(" ", 1<<20) + `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, settings.FileName)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := settings.Open(dir)
			if parking.ErrorCode(err) != parking.Invalid || !strings.Contains(parking.ErrorMessage(err), path) {
				t.Errorf("%v", err)
			}
			if f.Local() != settings.Default() {
				t.Errorf("taken: %+v", f.Local())
			}
			if now, err := os.ReadFile(path); err != nil || string(now) != text {
				t.Error("it was touched")
			}
			if err := f.KeepLocal(settings.Default()); err != nil {
				t.Fatal(err)
			}
			if _, err := settings.Open(dir); err != nil {
				t.Errorf("still damaged: %v", err)
			}
		})
	}
}

func TestSettingsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	f, err := settings.Open(filepath.Join(t.TempDir(), "gone"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.KeepLocal(settings.Default()); parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("%v", err)
	}
	bad := settings.Default()
	bad.Theme = "pink"
	if err := f.KeepGuard("lan", bad); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("%v", err)
	}
	if f.Guard("lan") != settings.Default() {
		t.Error("what was not written is taken")
	}
}
