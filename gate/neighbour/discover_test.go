package neighbour

import (
	"net"
	"testing"

	"github.com/google/uuid"
	"github.com/hashicorp/mdns"
)

// What is found on the local network is the address of another gate of the site,
// or nothing.
func TestFoundAt(t *testing.T) {
	t.Parallel()
	site := uuid.New()
	entry := func(port int, ip net.IP, fields ...string) *mdns.ServiceEntry {
		return &mdns.ServiceEntry{Name: "x", AddrV4: ip, Port: port, InfoFields: fields}
	}
	ip, here := net.IPv4(192, 168, 1, 20), "site="+site.String()
	gate, address, ok := foundAt(entry(7600, ip, here, "gate=S", "new=1"), site, "N")
	if !ok || gate != "S" || address != "192.168.1.20:7600" {
		t.Errorf("%q %q %v", gate, address, ok)
	}
	for name, e := range map[string]*mdns.ServiceEntry{
		"this gate":      entry(7600, ip, here, "gate=N"),
		"another site":   entry(7600, ip, "site="+uuid.NewString(), "gate=S"),
		"no site":        entry(7600, ip, "gate=S"),
		"no gate":        entry(7600, ip, here),
		"no code":        entry(7600, ip, here, "gate=../S"),
		"no port":        entry(0, ip, here, "gate=S"),
		"no such port":   entry(70000, ip, here, "gate=S"),
		"no address":     entry(7600, nil, here, "gate=S"),
		"nothing at all": entry(0, nil),
	} {
		if gate, address, ok := foundAt(e, site, "N"); ok {
			t.Errorf("%s: %q at %q", name, gate, address)
		}
	}
}
