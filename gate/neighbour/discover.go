package neighbour

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/mdns"

	"gatehouse/parking"
)

// service is the name under which gates are found on the local network.
const service = "_gatehouse._tcp"

// discover says on the local network where this gate is, and asks for others,
// until ctx ends. What is found is only an address: who answers there has to
// prove which gate it is.
func (n *Neighbours) discover(ctx context.Context) {
	quiet := log.New(io.Discard, "", 0)
	if n.listener != nil && !isLoopback(n.listener.Addr()) {
		server, err := n.announce(quiet)
		if err != nil {
			n.log.Warn("this gate cannot be found on the local network", "err", err)
		} else {
			defer server.Shutdown() //nolint:errcheck // it is over
		}
	}
	ticker := time.NewTicker(n.timing.Discover)
	defer ticker.Stop()
	for {
		entries := make(chan *mdns.ServiceEntry, maxPeers)
		err := mdns.QueryContext(ctx, &mdns.QueryParam{
			Service: service, Domain: "local", Timeout: time.Second, Entries: entries, DisableIPv6: true, Logger: quiet,
		})
		if err != nil && ctx.Err() == nil {
			n.log.Debug("the local network cannot be asked for neighbours", "err", err)
		}
		for len(entries) > 0 {
			e := <-entries
			if gate, address, ok := foundAt(e, n.state.SiteID(), n.state.Gate()); ok {
				if p := n.peer(gate); p != nil {
					p.find(address)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// announce answers who asks for gates.
func (n *Neighbours) announce(quiet *log.Logger) (*mdns.Server, error) {
	host, _, err := net.SplitHostPort(n.Addr())
	if err != nil {
		return nil, err
	}
	ips := addressesOf(net.ParseIP(host))
	if len(ips) == 0 {
		return nil, fmt.Errorf("no address of this machine is known")
	}
	gate := n.state.Gate()
	name := strings.ToLower("gatehouse-" + gate + "-" + n.state.SiteID().String()[:8])
	zone, err := mdns.NewMDNSService(name, service, "", name+".local.", n.port(), ips, []string{"site=" + n.state.SiteID().String(), "gate=" + gate})
	if err != nil {
		return nil, err
	}
	return mdns.NewServer(&mdns.Config{Zone: zone, Logger: quiet})
}

// addressesOf are the machine's addresses at which a port is reached that
// listens on ip.
func addressesOf(ip net.IP) []net.IP {
	if ip != nil && !ip.IsUnspecified() {
		return []net.IP{ip}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var out []net.IP
	for _, a := range all {
		if p, ok := a.(*net.IPNet); ok && p.IP.IsGlobalUnicast() && p.IP.To4() != nil {
			out = append(out, p.IP)
		}
	}
	return out
}

// foundAt reads an answer from the local network: another gate of the site, and
// where it says that it is.
func foundAt(e *mdns.ServiceEntry, site uuid.UUID, self string) (gate, address string, ok bool) {
	here := false
	for _, field := range e.InfoFields {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "site":
			here = value == site.String()
		case "gate":
			gate = value
		}
	}
	if !here || gate == self || parking.ValidCode("gate", gate) != nil || e.AddrV4 == nil || e.Port <= 0 || e.Port > 65535 {
		return "", "", false
	}
	return gate, net.JoinHostPort(e.AddrV4.String(), strconv.Itoa(e.Port)), true
}
