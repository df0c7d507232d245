package e2e

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"gatehouse/gate/camera"
	"gatehouse/gate/state"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// A vehicle's thumbnail reaches the other gate with its fact, so that an exit
// there can compare although the line is cut; the photo follows in pieces.
func TestThumbnailReachesTheOtherGate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	north, south := r.linkedGate("N", r.url()), r.linkedGate("S", r.url())
	wait(t, "the gates know their site", func() bool { return north.state.Site().Ready && south.state.Site().Ready })

	rng := rand.New(rand.NewPCG(5, 5))
	img := image.NewGray(image.Rect(0, 0, 800, 600))
	for i := range img.Pix {
		img.Pix[i] = byte(rng.UintN(256))
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, img, nil); err != nil {
		t.Fatal(err)
	}
	if photo.Len() < 3*wire.PhotoPieceBytes {
		t.Fatalf("the photo has only %d bytes", photo.Len())
	}
	thumb, err := camera.Thumb(photo.Bytes(), [4]int{300, 200, 120, 40})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := north.state.SavePhoto(t.Context(), parking.RolePlate, photo.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if ref.Thumb, err = north.state.SaveThumb(t.Context(), thumb); err != nil {
		t.Fatal(err)
	}
	tariff := north.state.Site().Config.Tariff
	north.write(state.Draft{Kind: parking.KindVehicleIn, Actor: "lan", Body: parking.VehicleIn{
		Stay: uuid.Must(uuid.NewV7()), Lane: "1", Class: parking.Car, Plate: "30A55555", Display: "30A-555.55", Zone: "N", Slot: "N01",
		Tariff: tariff.ID, TariffV: tariff.Version, Photos: []parking.PhotoRef{ref},
	}})
	wait(t, "the thumbnail is at the other gate", func() bool {
		return len(south.state.Site().Inside) == 1 && len(south.state.ThumbsMissing()) == 0
	})
	wait(t, "the photo is in the cloud", func() bool {
		waiting, err := north.state.PhotosWaiting(t.Context(), 1)
		return err == nil && len(waiting) == 0
	})
	if b, err := south.link.Photo(t.Context(), ref.SHA256); err != nil || !bytes.Equal(b, photo.Bytes()) {
		t.Errorf("the photo through the cloud: %d bytes, %v", len(b), err)
	}
	r.killCloud()
	inside := south.state.Site().Inside[0]
	if b, err := south.state.Photo(inside.InPhotos[0].Thumb); err != nil || !bytes.Equal(b, thumb) {
		t.Errorf("the thumbnail without the cloud: %d bytes, %v", len(b), err)
	}
}
