package gate

import (
	"strings"

	"gatehouse/gate/device"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// openTokens opens what stands at the lanes for cards and tickets: readers,
// which the node runs, and printers with what they print for.
func (e *equipment) openTokens(specs state.Devices) (err error) {
	for code, spec := range specs.Readers {
		if e.readers[code], err = device.OpenReader(spec); err != nil {
			return err
		}
	}
	e.Printers, e.Tickets = map[string]device.Printer{}, map[string][]parking.Class{}
	for code, spec := range specs.Printers {
		if e.Printers[code], err = device.OpenPrinter(spec); err != nil {
			return err
		}
	}
	for code, list := range specs.Tickets {
		if e.Printers[code] == nil {
			return parking.Errorf(parking.Invalid, "Lane %s has no printer; --tickets needs --printer for the same lane.", code)
		}
		if e.Tickets[code], err = ticketClasses(list); err != nil {
			return err
		}
	}
	return nil
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
