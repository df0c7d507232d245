package setup

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"time"

	"gatehouse/gate"
	"gatehouse/gate/camera"
	"gatehouse/gate/device"
	"gatehouse/parking"
)

// tryFor bounds the trying of one device: somebody stands beside it.
const tryFor = 15 * time.Second

// Known is what an enrolled gate knows of itself.
type Known struct {
	Gate  string
	Site  string
	Cloud string
	Lanes []parking.Lane
}

// Enrol opens the gate of a data folder, with a one-time code where it is not
// enrolled, waits for the site's state, and closes it again. NotFound says that
// it is not enrolled and no code was given.
func Enrol(ctx context.Context, dir, cloud, code, version string) (k Known, err error) {
	node, err := gate.Open(ctx, gate.Config{DataDir: dir, CloudURL: cloud, Code: code, Version: version})
	if err != nil {
		return Known{}, err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	site := node.State().Site()
	k = Known{Gate: site.Gate, Cloud: cloud}
	v := node.Desk().View()
	k.Site = v.SiteName
	for i := range v.Lanes {
		k.Lanes = append(k.Lanes, v.Lanes[i].Lane)
	}
	return k, nil
}

// tryCamera takes a picture and says how large it is.
func tryCamera(ctx context.Context, spec, vision string) (w, h int, err error) {
	source, err := camera.Open(spec, camera.Options{Vision: vision})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, camera.Close(source)) }()
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	frame, err := source.Frame(ctx)
	if err != nil {
		return 0, 0, err
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(frame.JPEG))
	if err != nil {
		return 0, 0, parking.Errorf(parking.Unavailable, "What the camera sends is no picture.")
	}
	return size.Width, size.Height, nil
}

// tryPrinter prints a ticket that is none.
func tryPrinter(ctx context.Context, spec string, p device.Paper) error {
	printer, err := device.OpenPrinter(spec)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return printer.Print(ctx, p)
}

// checkBarrier says whether a spec is one; nothing is opened.
func checkBarrier(spec string) error {
	_, err := device.OpenBarrier(spec)
	return err
}
