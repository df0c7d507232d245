package gate

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/gate/state"
	"gatehouse/parking"
)

// motionSpec names the lane's own camera as a sensor.
const motionSpec = "motion:"

// devices are the specs that the gate was started with.
func (c *Config) devices() state.Devices {
	return state.Devices{
		Cameras: c.Cameras, Barriers: c.Barriers, Sensors: c.Sensors, Readers: c.Readers, Printers: c.Printers, Tickets: c.Tickets,
	}
}

// equipment is what was opened of specs: what the desk works with, and readers,
// which the node runs.
type equipment struct {
	lane.Equipment
	readers map[string]device.Reader
	open    camera.Options
}

// openDevices opens what stands at the lanes of a gate.
func (n *Node) openDevices(specs state.Devices) (equipment, error) {
	e := equipment{
		readers: map[string]device.Reader{},
		open:    camera.Options{Vision: n.cfg.VisionPath, Log: n.log},
	}
	for _, open := range []func(state.Devices) error{e.openCameras, e.openBarriers, e.openSensors, e.openTokens} {
		if err := open(specs); err != nil {
			return equipment{}, err // a camera holds nothing before its first picture
		}
	}
	n.camerasMu.Lock()
	defer n.camerasMu.Unlock()
	n.cameras = slices.AppendSeq(n.cameras, maps.Values(e.Cameras))
	return e, nil
}

// closeCameras ends what cameras hold: connections, processes.
func (n *Node) closeCameras() error {
	n.camerasMu.Lock()
	defer n.camerasMu.Unlock()
	var errs []error
	for _, c := range n.cameras {
		errs = append(errs, camera.Close(c))
	}
	return errors.Join(errs...)
}

func (e *equipment) openCameras(specs state.Devices) (err error) {
	e.Cameras = map[string]camera.Source{}
	for key, spec := range specs.Cameras {
		err := deviceKey("camera", key, false, parking.CameraRoleNames()...)
		if err != nil {
			return err
		}
		key = strings.TrimSuffix(key, "/"+string(parking.RolePlate))
		if e.Cameras[key] != nil {
			return parking.Errorf(parking.Invalid, "Two cameras are given for the plates of lane %s.", key)
		}
		if e.Cameras[key], err = camera.Open(spec, e.open); err != nil {
			return err
		}
	}
	return nil
}

func (e *equipment) openBarriers(specs state.Devices) error {
	e.Barriers = map[string]device.Barrier{}
	for code, spec := range specs.Barriers {
		barrier, err := device.OpenBarrier(spec)
		if err != nil {
			return err
		}
		e.Barriers[code] = barrier
	}
	return nil
}

func (e *equipment) openSensors(specs state.Devices) error {
	e.Sensors = map[string]device.Sensor{}
	for key, spec := range specs.Sensors {
		err := deviceKey("sensor", key, true, lane.SensesArrival, lane.SensesPassage, lane.SensesContact)
		if err != nil {
			return err
		}
		if e.Sensors[key], err = e.openSensor(key, spec); err != nil {
			return err
		}
	}
	return nil
}

// openSensor opens a sensor; motion: is the lane's camera, by what it sees as a
// whole where there is such a one.
func (e *equipment) openSensor(key, spec string) (device.Sensor, error) {
	if spec != motionSpec {
		return device.OpenSensor(spec)
	}
	code, _, _ := strings.Cut(key, "/")
	for _, name := range []string{code + "/" + string(parking.RoleOverview), code + "/" + string(parking.RoleOverview2), code} {
		if source := e.Cameras[name]; source != nil {
			return lane.NewMotion(source, 0), nil
		}
	}
	return nil, parking.Errorf(parking.Invalid, "Lane %s has no camera that could see vehicles; give one with --camera %s=….", code, code)
}

// deviceKey checks the name before a spec: a lane, and what the device is
// there, which must be given when needed is set.
func deviceKey(what, key string, needed bool, known ...string) error {
	code, role, named := strings.Cut(key, "/")
	if parking.ValidCode("lane", code) != nil || named != (named && slices.Contains(known, role)) || needed && !named {
		return parking.Errorf(parking.Invalid, "The %s %q is not understood; write LANE/ROLE=SPEC, where the role is one of %s.",
			what, key, strings.Join(known, ", "))
	}
	return nil
}
