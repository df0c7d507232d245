package remote_test

import (
	"strings"
	"testing"

	"gatehouse/gate/remote"
	"gatehouse/gate/settings"
	"gatehouse/internal/look"
)

// What a guard changes is his own at this gate, and there when he comes again.
func TestSettingsAreTheGuards(t *testing.T) {
	t.Parallel()
	file, err := settings.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *remote.Config) {
		c.Settings, c.Keys = file, settings.Keys{"settings": {"ctrl+s"}}
	})
	lan := r.open(t, "lan")
	lan.shows("phím")
	lan.press("\x13") // ctrl+s, by the gate's key map
	lan.shows("Cài đặt")
	lan.press("\x1b[B")
	lan.press("\x1b[C")
	wait(t, "the theme on the disk", func() bool { return file.Guard("lan").Theme == look.Dark })
	if file.Guard("binh") != settings.Default() || file.Local() != settings.Default() {
		t.Error("another's are changed")
	}
	_ = lan.client.Close()
	const ground = "48;2;15;19;24"
	binh := r.open(t, "binh", "COLORTERM=truecolor")
	binh.shows("phím")
	if strings.Contains(binh.text(), ground) {
		t.Error("binh has lan's colours")
	}
	again := r.open(t, "lan", "COLORTERM=truecolor")
	again.shows(ground)
}

// A console over SSH is locked and unlocked for itself.
func TestLockOverSSH(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	lan, binh := r.open(t, "lan"), r.open(t, "binh")
	lan.shows("phím")
	binh.shows("phím")
	lan.press("\x0c") // ctrl+l
	lan.shows("ĐANG KHOÁ")
	lan.press("f") // gives money back
	lan.shows("Mật khẩu")
	lan.press("wrong\r")
	lan.shows("Sai tên") // until then the form takes no keys; a bell is no sign: titles end with one
	lan.press(password + "\r")
	lan.pressUntil("f", "the list of payments", func() bool { return strings.Contains(lan.text(), "hoàn") })
	if strings.Contains(binh.text(), "ĐANG KHOÁ") {
		t.Error("binh's console is locked too")
	}
}
