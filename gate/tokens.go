package gate

import (
	"strings"

	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// openTokens opens what stands at the lanes for cards and tickets: readers,
// which the node runs, and printers with what they print for.
func (n *Node) openTokens(cfg *lane.Config) (map[string]device.Reader, error) {
	id, err := n.store.Identity()
	if err != nil {
		return nil, err
	}
	cfg.Key = id.PrivateKey
	readers := map[string]device.Reader{}
	for code, spec := range n.cfg.Readers {
		if readers[code], err = device.OpenReader(spec); err != nil {
			return nil, err
		}
	}
	cfg.Printers, cfg.Tickets = map[string]device.Printer{}, map[string][]parking.Class{}
	for code, spec := range n.cfg.Printers {
		if cfg.Printers[code], err = device.OpenPrinter(spec); err != nil {
			return nil, err
		}
	}
	for code, list := range n.cfg.Tickets {
		if cfg.Printers[code] == nil {
			return nil, parking.Errorf(parking.Invalid, "Lane %s has no printer; --tickets needs --printer for the same lane.", code)
		}
		if cfg.Tickets[code], err = ticketClasses(list); err != nil {
			return nil, err
		}
	}
	return readers, nil
}

// ticketClasses reads car,motorbike or none.
func ticketClasses(list string) ([]parking.Class, error) {
	classes := []parking.Class{}
	if list == "none" {
		return classes, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		if err := parking.ValidCode("class", name); err != nil {
			return nil, err
		}
		classes = append(classes, parking.Class(name))
	}
	return classes, nil
}
