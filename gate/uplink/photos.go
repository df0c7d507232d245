package uplink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

const (
	photosAtOnce = 20
	photoTries   = 4 // times that the cloud may say where to go on, for one photo
)

// keepPhotos sends photos, one after the other, while no facts wait:
// thumbnails first, longer ones in pieces, so that neither a fact nor a
// thumbnail waits for long behind one.
func (u *Uplink) keepPhotos(ctx context.Context) {
	retry := backoff{base: u.timing.BackoffBase, limit: u.timing.BackoffCap}
	changed, cancel := u.state.Changed()
	defer cancel()
	failing := false
	for ctx.Err() == nil {
		sent, err := u.sendPhotos(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := u.timing.PhotoLook
		if err != nil {
			wait = retry.next()
			if !failing {
				u.log.Warn("photos could not be sent; they wait", "err", err)
			}
		} else if sent > 0 {
			retry.reset()
		}
		failing = err != nil
		if err != nil {
			pause(ctx, wait) // a change is no reason to hurry
			continue
		}
		pauseOr(ctx, wait, changed)
	}
}

// sendPhotos sends what waits now and returns how many the cloud took.
func (u *Uplink) sendPhotos(ctx context.Context) (sent int, err error) {
	for u.connected() && u.state.Waiting() == 0 {
		waiting, err := u.state.PhotosWaiting(ctx, photosAtOnce)
		if err != nil {
			return sent, err
		}
		late := slices.ContainsFunc(waiting, func(p store.WaitingPhoto) bool { return u.clock.Now().Sub(p.At) > photosLate })
		u.turn(func(m *machine, _ time.Duration) { m.photoLate = late })
		if len(waiting) == 0 {
			return sent, nil
		}
		for _, p := range waiting {
			switch err := u.sendPhoto(ctx, p); {
			case errors.Is(err, errGiveWay):
				if !u.connected() || u.state.Waiting() > 0 {
					return sent, nil // facts first
				}
			case err != nil:
				return sent, err
			default:
				sent++
				continue
			}
			break // a thumbnail came meanwhile: look again
		}
	}
	return sent, nil
}

// errGiveWay stops the sending of a photo for something more urgent. What the
// cloud has of it is kept there.
var errGiveWay = errors.New("something more urgent waits")

func (u *Uplink) sendPhoto(ctx context.Context, p store.WaitingPhoto) error {
	jpeg, err := u.state.Photo(p.SHA256)
	if parking.ErrorCode(err) == parking.NotFound {
		u.log.Warn("a photo is gone from the disk and cannot be sent", "photo", p.SHA256)
		return u.state.PhotoSent(ctx, p.SHA256)
	}
	if err != nil {
		return err
	}
	err = u.sendPieces(ctx, p, jpeg)
	switch parking.ErrorCode(err) {
	case "":
	case parking.Invalid, parking.TooLarge:
		// The cloud will never take it; it stays here for 35 days.
		u.log.Warn("the cloud does not take a photo", "photo", p.SHA256, "err", err)
	default:
		if errors.Is(err, errGiveWay) {
			return err
		}
		return fmt.Errorf("send a photo: %w", err)
	}
	return u.state.PhotoSent(ctx, p.SHA256)
}

// sendPieces sends a photo: a short one whole, a longer one in pieces, each of
// which the cloud keeps. It goes on where an earlier try was cut off: how far
// that came it asks the cloud, which also says so when a piece is not the next.
func (u *Uplink) sendPieces(ctx context.Context, p store.WaitingPhoto, jpeg []byte) error {
	total := len(jpeg)
	pieces := total > wire.PhotoPieceBytes
	ask := pieces // where to go on
	tries := 0
	for from := 0; from < total; {
		if err := u.mayGoOn(ctx, p); err != nil {
			return err
		}
		to := min(total, from+wire.PhotoPieceBytes)
		c := call{method: http.MethodPut, path: pathPhotos + p.SHA256, raw: jpeg[from:to], contentType: typeJPEG}
		switch {
		case ask:
			c.raw, c.contentRange = nil, fmt.Sprintf("bytes */%d", total)
		case pieces:
			c.contentRange = fmt.Sprintf("bytes %d-%d/%d", from, to-1, total)
		}
		timed, cancel := context.WithTimeout(ctx, u.timing.Answer)
		err := u.ask(timed, c, nil)
		cancel()
		var gap *gapError
		switch {
		case errors.As(err, &gap) && tries < photoTries && gap.held >= 0 && gap.held <= int64(total):
			from, ask = int(gap.held), false
			tries++
		case err != nil:
			return err
		default:
			from = to
		}
	}
	return nil
}

// mayGoOn says whether the next piece may be sent now.
func (u *Uplink) mayGoOn(ctx context.Context, p store.WaitingPhoto) error {
	if !u.connected() || u.state.Waiting() > 0 {
		return errGiveWay
	}
	if p.Thumb {
		return nil
	}
	waiting, err := u.state.ThumbsWaiting(ctx)
	if err == nil && waiting {
		err = errGiveWay
	}
	return err
}

// Photo returns a photo by its hash: from this gate's disk, else from the
// cloud, bounded by three seconds. NotFound when the cloud does not have it
// (yet), Unavailable when it cannot be reached.
func (u *Uplink) Photo(ctx context.Context, sha string) ([]byte, error) {
	b, err := u.state.Photo(sha)
	if parking.ErrorCode(err) != parking.NotFound {
		return b, err
	}
	if !u.reachable() {
		return nil, parking.Errorf(parking.Unavailable, "The photo is not at this gate, and the cloud cannot be reached.")
	}
	ctx, cancel := context.WithTimeout(ctx, u.timing.SignIn)
	defer cancel()
	b, err = u.fetchPhoto(ctx, sha)
	if err != nil {
		return nil, refusalWords(err)
	}
	if _, err := u.state.CachePhoto(ctx, b); err != nil {
		u.log.Warn("a photo could not be kept", "err", err)
	}
	return b, nil
}

func (u *Uplink) fetchPhoto(ctx context.Context, sha string) ([]byte, error) {
	t, err := u.bearer(ctx)
	if err != nil {
		return nil, err
	}
	var on answered
	req, err := call{method: http.MethodGet, path: pathPhotos + sha, token: t}.request(on.watch(ctx), u.id.CloudURL)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", typeJPEG+", "+typeProblem)
	res, err := u.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch a photo: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(io.LimitReader(res.Body, wire.MaxPhotoBytes+1))
	if err != nil {
		return nil, fmt.Errorf("fetch a photo: %w", err)
	}
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode != http.StatusOK || mediaType != typeJPEG {
		return nil, on.by(errors.Join(check(res, b), loginPageUnless(res.StatusCode >= 400, res.StatusCode)))
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != sha {
		return nil, &answerError{cause: CloudError, msg: "The photo was damaged on the way."}
	}
	return b, nil
}

func loginPageUnless(refused bool, status int) error {
	if refused {
		return nil
	}
	return loginPage(status)
}
