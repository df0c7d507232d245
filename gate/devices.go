package gate

import (
	"slices"
	"strings"

	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// motionSpec names the lane's own camera as a sensor.
const motionSpec = "motion:"

// openDevices opens what stands at the lanes.
func (n *Node) openDevices(cfg *lane.Config) error {
	cfg.Cameras, cfg.Barriers, cfg.Sensors = map[string]camera.Source{}, map[string]device.Barrier{}, map[string]device.Sensor{}
	for key, spec := range n.cfg.Cameras {
		err := deviceKey("camera", key, false, cameraRoles()...)
		if err != nil {
			return err
		}
		key = strings.TrimSuffix(key, "/"+string(parking.RolePlate))
		if cfg.Cameras[key] != nil {
			return parking.Errorf(parking.Invalid, "Two cameras are given for the plates of lane %s.", key)
		}
		if cfg.Cameras[key], err = camera.Open(spec); err != nil {
			return err
		}
	}
	for code, spec := range n.cfg.Barriers {
		barrier, err := device.OpenBarrier(spec)
		if err != nil {
			return err
		}
		cfg.Barriers[code] = barrier
	}
	for key, spec := range n.cfg.Sensors {
		err := deviceKey("sensor", key, true, lane.SensesArrival, lane.SensesPassage, lane.SensesContact)
		if err != nil {
			return err
		}
		if cfg.Sensors[key], err = openSensor(key, spec, cfg.Cameras); err != nil {
			return err
		}
	}
	return nil
}

// cameraRoles are the roles that a camera's name may say.
func cameraRoles() []string {
	var out []string
	for _, role := range parking.CameraRoles {
		out = append(out, string(role))
	}
	return out
}

// openSensor opens a sensor; motion: is the lane's camera, by what it sees as a
// whole where there is such a one.
func openSensor(key, spec string, cameras map[string]camera.Source) (device.Sensor, error) {
	if spec != motionSpec {
		return device.OpenSensor(spec)
	}
	code, _, _ := strings.Cut(key, "/")
	for _, name := range []string{code + "/" + string(parking.RoleOverview), code + "/" + string(parking.RoleOverview2), code} {
		if source := cameras[name]; source != nil {
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
