package state

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"gatehouse/parking"
)

// Devices are the specs of what stands at a gate's lanes, as it was started with:
// by lane, and by what a camera or sensor is there ("1", "1/face"). They may hold
// passwords: they go over the link between gates and to this gate's own disk, and
// are never logged or shown.
type Devices struct {
	Cameras  map[string]string `json:"cameras,omitempty"`
	Barriers map[string]string `json:"barriers,omitempty"`
	Sensors  map[string]string `json:"sensors,omitempty"`
	Readers  map[string]string `json:"readers,omitempty"`
	Signs    map[string]string `json:"signs,omitempty"`
	Printers map[string]string `json:"printers,omitempty"`
	Tickets  map[string]string `json:"tickets,omitempty"` // classes that get one, with commas
}

// Bounds of what is told of a gate's devices.
const (
	maxDevices   = 96
	maxDeviceKey = 80
	maxSpec      = 1024
)

// kinds are the maps, in a fixed order.
func (d Devices) kinds() []map[string]string {
	return []map[string]string{d.Cameras, d.Barriers, d.Sensors, d.Readers, d.Signs, d.Printers, d.Tickets}
}

// Empty says whether nothing stands there.
func (d Devices) Empty() bool {
	for _, k := range d.kinds() {
		if len(k) > 0 {
			return false
		}
	}
	return true
}

// Validate bounds what another machine says of its devices; whether a spec is
// understood is found out when it is opened.
func (d Devices) Validate() error {
	n := 0
	for _, k := range d.kinds() {
		n += len(k)
		for key, spec := range k {
			if key == "" || len(key) > maxDeviceKey || len(spec) > maxSpec {
				return parking.Errorf(parking.Invalid, "A device is named by a lane and a spec of at most %d bytes.", maxSpec)
			}
		}
	}
	if n > maxDevices {
		return parking.Errorf(parking.TooLarge, "More than %d devices are named.", maxDevices)
	}
	return nil
}

func (d Devices) equal(o Devices) bool {
	theirs := o.kinds()
	for i, k := range d.kinds() {
		if !maps.Equal(k, theirs[i]) {
			return false
		}
	}
	return true
}

// settingDevices begins the names of settings that hold what neighbours said of
// their devices.
const settingDevices = "devices:"

// HearDevices keeps what another gate of the site says of its devices, so that
// its lanes can be taken over when its machine is dead. It writes only what is
// new.
func (s *State) HearDevices(ctx context.Context, gate string, d Devices) error {
	was, err := s.DevicesOf(ctx, gate)
	if err != nil || was.equal(d) {
		return err
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode the devices of a gate: %w", err)
	}
	if err := s.store.SetSetting(ctx, settingDevices+gate, string(raw)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[gate] = d
	return nil
}

// DevicesOf is what a gate was last heard to say of its devices, empty for
// nothing.
func (s *State) DevicesOf(ctx context.Context, gate string) (Devices, error) {
	s.mu.Lock()
	d, ok := s.devices[gate]
	s.mu.Unlock()
	if ok {
		return d, nil
	}
	raw, err := s.store.Setting(ctx, settingDevices+gate)
	if err != nil {
		return d, err
	}
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &d); err != nil {
			s.log.Warn("what was heard of a gate's devices cannot be read", "gate", gate)
			d = Devices{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[gate] = d
	return d, nil
}
