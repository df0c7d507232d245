package lane

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"gatehouse/gate/camera"
	"gatehouse/parking"
	"gatehouse/vision"
)

// warnLate is what is said of a camera that was slower than the next vehicle.
const warnLate = "A picture came too late: the next vehicle was there already."

// look takes the vehicle's pictures with all cameras of the lane at once, keeps
// them and has the plate read. It runs beside the lane, which never waits for
// it.
func (d *Desk) look(l parking.Lane, p *post, v *vehicle, given []byte) {
	var shots sync.WaitGroup
	for role := range p.cameras {
		if role != parking.RolePlate {
			shots.Go(func() { d.shoot(p, v, role, nil) })
		}
	}
	var frame []byte
	if len(given) > 0 || p.cameras[parking.RolePlate] != nil {
		frame = d.shoot(p, v, parking.RolePlate, given)
	}
	d.spawn(func() {
		shots.Wait()
		close(v.pictured)
	})
	if frame == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		v.reading = false
		d.ready(v)
		return
	}
	d.mu.Lock()
	reading := v.reading
	d.mu.Unlock()
	if reading {
		if best := d.read(l, p, v, frame, len(given) == 0); len(best) > 0 {
			d.keepInstead(v, best)
			frame = best
		}
		d.cropThumb(v, frame)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.done && p.vehicle != v {
		v.stop() // it went in by its card and was read on
	}
}

// shoot takes one picture of the vehicle, unless one was given, and keeps it.
// It returns nil when there is none: also when another vehicle has arrived
// meanwhile, since the picture may show that one.
func (d *Desk) shoot(p *post, v *vehicle, role parking.CameraRole, given []byte) []byte {
	frame := camera.Frame{JPEG: given}
	if len(given) == 0 {
		var err error
		if frame, err = d.takeFrame(v.ctx, p, role); err != nil {
			return nil
		}
		d.mu.Lock()
		late := v.overtaken
		if late {
			v.warn(warnLate)
			d.touch()
		}
		d.mu.Unlock()
		if late {
			return nil
		}
	}
	ref, err := d.keepPhoto(v.ctx, role, frame.JPEG)
	if err == nil && !role.Whole() {
		ref.Thumb = d.keepThumb(v.ctx, frame.JPEG, [4]int{})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.log.Warn("the picture of a vehicle was not kept", "lane", p.code, "role", role, "error", err)
		v.warn(warnPhoto)
	} else if !v.done {
		v.photos = append(slices.Clone(v.photos), ref) // a fact may be on its way to the disk with the old ones
		slices.SortStableFunc(v.photos, func(a, b parking.PhotoRef) int { return cmp.Compare(rankRole(a.Role), rankRole(b.Role)) })
	}
	d.touch()
	return frame.JPEG
}

// rankRole orders the photos of a fact: the plate, the face, the rest.
func rankRole(role string) int { return slices.Index(parking.CameraRoles, parking.CameraRole(role)) }

// keepPhoto keeps what a fact will name: a JPEG that the cloud takes too.
func (d *Desk) keepPhoto(ctx context.Context, role parking.CameraRole, picture []byte) (parking.PhotoRef, error) {
	photo, err := camera.Photo(picture)
	if err != nil {
		return parking.PhotoRef{}, err
	}
	return d.cfg.State.SavePhoto(ctx, role, photo)
}

// keepThumb keeps a thumbnail and returns its name; "" when there is none,
// which stops nobody.
func (d *Desk) keepThumb(ctx context.Context, picture []byte, box [4]int) string {
	thumb, err := camera.Thumb(picture, box)
	if err == nil {
		var sha string
		if sha, err = d.cfg.State.SaveThumb(ctx, thumb); err == nil {
			return sha
		}
	}
	d.log.Warn("no thumbnail was kept", "error", err)
	return ""
}

// keepInstead gives the vehicle's fact a better frame as its photo. The first one
// stays where it is: a fact that was written meanwhile names it.
func (d *Desk) keepInstead(v *vehicle, picture []byte) {
	ref, err := d.keepPhoto(v.ctx, parking.RolePlate, picture)
	if err != nil {
		d.log.Warn("a better picture of a vehicle was not kept", "error", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	isPlate := func(ref parking.PhotoRef) bool { return ref.Role == string(parking.RolePlate) }
	if at := slices.IndexFunc(v.photos, isPlate); !v.done && at >= 0 {
		ref.Thumb = v.photos[at].Thumb
		v.photos = slices.Clone(v.photos) // a fact may be on its way to the disk with these
		v.photos[at] = ref
	}
}

// cropThumb gives the vehicle's photo the plate as its thumbnail, once it is
// known where the plate is. A fact that was written before keeps the whole
// picture, which it names; else that one is sent for nothing.
func (d *Desk) cropThumb(v *vehicle, picture []byte) {
	isPlate := func(ref parking.PhotoRef) bool { return ref.Role == string(parking.RolePlate) }
	d.mu.Lock()
	box := v.Reading.Box
	done := v.done || !slices.ContainsFunc(v.photos, isPlate) || v.Reading.Outcome == vision.OutcomeNone
	d.mu.Unlock()
	if done || box == [4]int{} {
		return
	}
	thumb := d.keepThumb(v.ctx, picture, box)
	d.mu.Lock()
	defer d.mu.Unlock()
	if at := slices.IndexFunc(v.photos, isPlate); thumb != "" && !v.done && at >= 0 {
		v.photos = slices.Clone(v.photos) // a fact may be on its way to the disk with these
		v.photos[at].Thumb = thumb
	}
}

// takeFrame asks a camera and remembers picture and health of it.
func (d *Desk) takeFrame(ctx context.Context, p *post, role parking.CameraRole) (camera.Frame, error) {
	ctx, cancel := context.WithTimeout(ctx, frameTimeout)
	defer cancel()
	frame, err := p.cameras[role].Frame(ctx)
	if err == nil {
		err = vision.CheckPicture(frame.JPEG)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	eye := Worker{OK: err == nil && frame.Alarm == "", Why: frame.Alarm}
	if err != nil && (ctx.Err() == nil || ctx.Err() == context.DeadlineExceeded) {
		eye.Why = parking.ErrorMessage(err)
	}
	p.eyes[role] = eye
	if on := p.seen[role]; err == nil && on != nil {
		on.picture = frame.JPEG
		on.number++
	}
	d.touch()
	return frame, err
}

// passagePhotos takes the photo of a passage: of the lane as a whole where a
// camera sees that, else of what there is. Without a camera there is none.
func (d *Desk) passagePhotos(p *post) []parking.PhotoRef {
	for _, role := range []parking.CameraRole{parking.RoleOverview, parking.RoleOverview2, parking.RolePlate, parking.RoleFace} {
		if p.cameras[role] == nil {
			continue
		}
		frame, err := d.takeFrame(d.ctx, p, role)
		if err != nil {
			continue
		}
		ref, err := d.keepPhoto(d.ctx, role, frame.JPEG)
		if err == nil {
			return []parking.PhotoRef{ref}
		}
		d.log.Warn("the photo of a passage was not kept", "lane", p.code, "error", err)
	}
	return nil
}

// takePictures refreshes the pictures of idle and busy lanes alike.
func (d *Desk) takePictures() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.lanes {
		for role, on := range p.seen {
			if on.taking {
				continue
			}
			on.taking = true
			d.spawn(func() {
				_, _ = d.takeFrame(d.ctx, p, role) // the lane's eye says what went wrong
				d.mu.Lock()
				defer d.mu.Unlock()
				on.taking = false
			})
		}
	}
}

// Picture takes a picture with a lane's camera of a role; "" is the one that
// screens show. NotFound: no such lane, or no camera of that role there;
// Unavailable: the lane has no camera at all, or it does not deliver.
func (d *Desk) Picture(ctx context.Context, code string, role parking.CameraRole) ([]byte, error) {
	d.mu.Lock()
	_, p, err := d.lane(code)
	d.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case p.main == "":
		return nil, parking.Errorf(parking.Unavailable, "Lane %s has no camera.", code)
	case role == "":
		role = p.main
	case p.cameras[role] == nil:
		return nil, parking.Errorf(parking.NotFound, "Lane %s has no camera for %q.", code, shorten(string(role)))
	}
	frame, err := d.takeFrame(ctx, p, role)
	if err != nil {
		return nil, err
	}
	return frame.JPEG, nil
}
