package store

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
)

// Machine is a fingerprint of this machine: it changes when the disk is moved
// to another one, and tells nothing about it.
func Machine() string {
	h := sha256.New()
	for _, path := range []string{"/etc/machine-id", "/sys/class/dmi/id/product_uuid", "/proc/device-tree/serial-number"} {
		b, _ := os.ReadFile(path) //nolint:gosec // fixed names; what cannot be read is left out
		h.Write([]byte(strings.TrimSpace(string(b)) + "\n"))
	}
	if name, err := os.Hostname(); err == nil {
		h.Write([]byte(name))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
