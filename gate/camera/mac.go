package camera

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"gatehouse/parking"
)

// arpTable is where Linux tells which device stands behind an address of the
// local network.
const arpTable = "/proc/net/arp"

// reach connects to the camera's address and hangs up: what is wrong with the
// network is known then, in words, and who answers stands in the machine's table
// of neighbours. It returns the address that answered.
func reach(ctx context.Context, at *url.URL) (net.IP, error) {
	port := at.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "rtsp": "554", "rtsps": "322"}[at.Scheme]
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(at.Hostname(), port))
	if err != nil {
		return nil, fmt.Errorf("reach a camera: %w", err)
	}
	defer func() { _ = conn.Close() }() // nothing was said
	if to, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return to.IP, nil
	}
	return nil, nil
}

// sameDevice refuses a camera whose address is another device's than the spec
// names. A camera behind a router is not in the table, and so is not this one.
func (s *spec) sameDevice(ctx context.Context, table string, at *url.URL) error {
	if s.mac == nil {
		return nil
	}
	ip, err := reach(ctx, at)
	if err != nil {
		return err
	}
	found, err := deviceAt(table, ip)
	if err != nil {
		return err
	}
	if !bytes.Equal(found, s.mac) {
		return parking.Errorf(parking.Unavailable, "Another device (%s) answers at the camera's address.", found)
	}
	return nil
}

// deviceAt is the hardware address of who has ip, by a table as Linux writes it.
func deviceAt(table string, ip net.IP) (net.HardwareAddr, error) {
	unknown := parking.Errorf(parking.Unavailable, "The camera's hardware address cannot be found out; it does not stand on this network.")
	text, err := os.ReadFile(table) //nolint:gosec // the machine's own table
	if err != nil {
		return nil, unknown
	}
	for line := range strings.Lines(string(text)) {
		// Address, type, flags, hardware address, mask, interface.
		if fields := strings.Fields(line); len(fields) >= 4 && ip.Equal(net.ParseIP(fields[0])) {
			if mac, err := net.ParseMAC(fields[3]); err == nil {
				return mac, nil
			}
		}
	}
	return nil, unknown
}
