package gate

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"gatehouse/gate/lane"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// ofLanes is what specs say of some lanes of a gate; own is its code, which may
// stand before a lane ("N/1") and is taken off. A spec of a lane that is not among
// them is refused when strict is set, else left out.
func ofLanes(specs state.Devices, own string, lanes []string, strict bool) (state.Devices, error) {
	var err error
	pick := func(m map[string]string) map[string]string {
		out := map[string]string{}
		for key, spec := range m {
			short, prefixed := strings.CutPrefix(key, own+"/")
			code, _, _ := strings.Cut(short, "/")
			switch {
			case slices.Contains(lanes, code) && (prefixed || !strict):
				out[short] = spec
			case strict && err == nil:
				err = parking.Errorf(parking.Invalid, "%q names no lane that is taken over; write it like %s.", key, parking.LaneOf(own, lanes[0]))
			}
		}
		return out
	}
	out := each(specs, func(_ string, m map[string]string) map[string]string { return pick(m) })
	return out, err
}

// each makes specs anew, one kind after the other; what says which it is.
func each(d state.Devices, do func(what string, m map[string]string) map[string]string) state.Devices {
	return state.Devices{
		Cameras: do("camera", d.Cameras), Barriers: do("barrier", d.Barriers), Sensors: do("sensor", d.Sensors),
		Readers: do("card reader", d.Readers), Printers: do("printer", d.Printers), Tickets: do("", d.Tickets),
	}
}

// over is what was heard of a gate's devices with what was given over it.
func over(heard, given state.Devices) state.Devices {
	join := func(a, b map[string]string) map[string]string {
		out := maps.Clone(a)
		if out == nil {
			out = map[string]string{}
		}
		maps.Copy(out, b)
		return out
	}
	return state.Devices{
		Cameras: join(heard.Cameras, given.Cameras), Barriers: join(heard.Barriers, given.Barriers), Sensors: join(heard.Sensors, given.Sensors),
		Readers: join(heard.Readers, given.Readers), Printers: join(heard.Printers, given.Printers), Tickets: join(heard.Tickets, given.Tickets),
	}
}

// reachable leaves out of what a gate has told what only its own machine reaches:
// a serial port, a file, a folder, an address of that machine itself. Here that
// name would be something else. The notes say what was left out.
func reachable(heard state.Devices, gate string) (state.Devices, []string) {
	var notes []string
	left := func(what, key string) {
		notes = append(notes, fmt.Sprintf("The %s of lane %s is reached only from gate %s's own machine; it was left out.", what, parking.LaneOf(gate, key), gate))
	}
	out := each(heard, func(what string, m map[string]string) map[string]string {
		kept := map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if what == "" || onNetwork(m[key]) {
				kept[key] = m[key]
			} else {
				left(what, key)
			}
		}
		return kept
	})
	for key, spec := range out.Sensors {
		code, _, _ := strings.Cut(key, "/")
		if spec == motionSpec && out.Cameras[code] == "" && !slices.ContainsFunc(parking.CameraRoleNames(), func(role string) bool { return out.Cameras[code+"/"+role] != "" }) {
			delete(out.Sensors, key) // its camera was left out
		}
	}
	for code := range out.Tickets {
		if out.Printers[code] == "" {
			delete(out.Tickets, code)
		}
	}
	return out, notes
}

// onNetwork says whether another machine of the local network reaches a device.
func onNetwork(spec string) bool {
	kind, rest, _ := strings.Cut(spec, ":")
	host := ""
	switch kind {
	case "sim", "none", "api", "motion":
		return true
	case "http", "https", "rtsp", "rtsps", "modbus":
		u, err := url.Parse(spec)
		if err != nil {
			return false
		}
		host = u.Hostname()
	case "tcp":
		var err error
		if host, _, err = net.SplitHostPort(rest); err != nil {
			return false
		}
	}
	ip := net.ParseIP(host)
	return host != "" && host != "localhost" && (ip == nil || !ip.IsLoopback() && !ip.IsUnspecified())
}

// asTaken names what was opened as the lanes of another gate are named here.
func (e equipment) asTaken(gate string) equipment {
	out := equipment{readers: renamed(e.readers, gate)}
	out.Equipment = lane.Equipment{
		Cameras: renamed(e.Cameras, gate), Barriers: renamed(e.Barriers, gate), Sensors: renamed(e.Sensors, gate),
		Printers: renamed(e.Printers, gate), Tickets: renamed(e.Tickets, gate),
	}
	return out
}

func renamed[V any](m map[string]V, gate string) map[string]V {
	out := make(map[string]V, len(m))
	for key, v := range m {
		out[parking.LaneOf(gate, key)] = v
	}
	return out
}
