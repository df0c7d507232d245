package uplink_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func picture(word string, size int) []byte {
	return append([]byte{0xff, 0xd8, 0xff}, []byte(strings.Repeat(word, size/len(word)+1))[:size-3]...)
}

// A long photo goes in pieces. What was taken before a cut is not sent again,
// neither in this process nor in the next.
func TestALongPhotoGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newCloud(t)
	g := newGate(t, c)
	long := picture("long", 5*wire.PhotoPieceBytes+100)
	ref, err := g.state.SavePhoto(ctx, parking.RolePlate, long)
	if err != nil {
		t.Fatal(err)
	}
	puts := 0
	c.onRequest(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		if puts++; puts%3 == 0 { // every third request is cut off
			panic(http.ErrAbortHandler)
		}
		return false
	})
	g.run()
	g.until("the photo is there", func() bool {
		waiting, err := g.state.PhotosWaiting(ctx, 1)
		return err == nil && len(waiting) == 0
	})
	c.locked(func() {
		if !bytes.Equal(c.photos[ref.SHA256], long) || c.pieces != 6 {
			t.Errorf("%d bytes in %d pieces, want six: nothing is taken twice", len(c.photos[ref.SHA256]), c.pieces)
		}
	})
}

// Thumbnails go before photos, also before one that is half sent; those of
// other gates' vehicles are fetched as soon as the feed tells of them.
func TestThumbnailsComeFirst(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newCloud(t)
	g := newGate(t, c)
	long := picture("long", 4*wire.PhotoPieceBytes)
	if _, err := g.state.SavePhoto(ctx, parking.RolePlate, long); err != nil {
		t.Fatal(err)
	}
	var order []string
	thumb := picture("thumb", 500)
	first := true
	c.onRequest(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		if first && strings.Contains(r.Header.Get("Content-Range"), "-") {
			first = false
			if _, err := g.state.SaveThumb(context.WithoutCancel(ctx), thumb); err != nil {
				t.Error(err)
			}
		}
		order = append(order, strings.TrimPrefix(r.URL.Path, "/api/v1/photos/"))
		return false
	})
	g.run()
	g.until("all is sent", func() bool {
		waiting, err := g.state.PhotosWaiting(ctx, 1)
		return err == nil && len(waiting) == 0
	})
	c.locked(func() {
		// A question, a piece, the thumbnail, a question, three pieces.
		if len(order) != 7 || order[2] != hexSHA(thumb) || c.pieces != 4 {
			t.Errorf("sent in the order %v", order)
		}
	})
	g.untilSynced()
	theirs := picture("theirs", 700)
	at := g.state.Clock().Now()
	delta := wire.Delta{Stays: []parking.Stay{{
		ID: uuid.New(), State: parking.Inside, Class: parking.Car, Plate: "30A22222", Zone: "A", InAt: &at, InGate: "S",
		InPhotos: []parking.PhotoRef{{Role: "plate", SHA256: hexSHA(long), Bytes: len(long), Thumb: hexSHA(theirs)}},
	}}}
	c.locked(func() { c.push(delta) })
	g.until("the stay is shown", func() bool { return len(g.state.ThumbsMissing()) == 1 })
	c.locked(func() { c.photos[hexSHA(theirs)] = theirs }) // it comes after its fact
	g.until("the thumbnail is kept here", func() bool { return len(g.state.ThumbsMissing()) == 0 })
	if b, err := g.state.Photo(hexSHA(theirs)); err != nil || !bytes.Equal(b, theirs) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if waiting, err := g.state.PhotosWaiting(ctx, 1); err != nil || len(waiting) != 0 {
		t.Errorf("it is sent back: %v, %v", waiting, err)
	}
}
