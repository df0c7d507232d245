package cloud_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"testing"

	"gatehouse/internal/private/privatetest/cloudtest"
	"gatehouse/internal/wire"
)

// noise is a JPEG that does not become small.
func noise(t *testing.T, seed uint64, side int) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = byte(rng.UintN(256))
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A long photo comes in pieces; one that is cut off goes on where it was, also
// when the gate does not know where that is.
func TestPhotoInPieces(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	north, south := s.Enrol(t, "N"), s.Enrol(t, "S")
	n, other, guard := r.token(t, north), r.token(t, south), r.login(t, s, "lan")
	photo := noise(t, 1, 500)
	total := len(photo)
	if total < 2*wire.PhotoPieceBytes {
		t.Fatalf("a photo of %d bytes has not enough pieces", total)
	}
	path := "/api/v1/photos/" + hash(photo)
	put := func(token string, from, to int) answer {
		return r.send(t, "PUT", path, token, "image/jpeg", photo[from:to], "Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, total))
	}
	held := func(what string, a answer, want int) {
		t.Helper()
		if a.status != http.StatusConflict || a.problem.Held == nil || *a.problem.Held != int64(want) {
			t.Errorf("%s: %d %s, want held %d", what, a.status, a.body, want)
		}
	}
	taken := func(what string, a answer) {
		t.Helper()
		if a.status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", what, a.status, a.body)
		}
	}
	held("a question before the first piece", r.send(t, "PUT", path, n, "image/jpeg", nil, "Content-Range", fmt.Sprintf("bytes */%d", total)), 0)
	held("a piece from the middle", put(n, 1000, 2000), 0)
	taken("the first piece", put(n, 0, 60_000))
	held("the first piece again", put(n, 0, 60_000), 60_000)
	held("a piece after a gap", put(n, 70_000, 80_000), 60_000)
	held("another gate's piece goes by itself", put(other, 60_000, 70_000), 0)
	if a := r.send(t, "GET", path, guard, "", nil); a.status != http.StatusNotFound {
		t.Errorf("half a photo is shown: %d", a.status)
	}
	ask := func() answer {
		return r.send(t, "PUT", path, n, "image/jpeg", nil, "Content-Range", fmt.Sprintf("bytes */%d", total))
	}
	held("a question", ask(), 60_000)
	taken("the next piece", put(n, 60_000, 100_000))
	taken("the last piece", put(n, 100_000, total))
	if a := r.send(t, "GET", path, guard, "", nil); a.status != http.StatusOK || !bytes.Equal(a.body, photo) {
		t.Errorf("the photo: %d, %d bytes", a.status, len(a.body))
	}
	held("a question about what is whole", ask(), total)
	held("a piece of what is whole", put(other, 0, 60_000), total)

	for header, status := range map[string]int{
		"bytes 5-4/10":         http.StatusBadRequest,
		"bytes 0-9/5":          http.StatusBadRequest,
		"bytes 0-/5":           http.StatusBadRequest,
		"0-4/5":                http.StatusBadRequest,
		"bytes 0-4/*":          http.StatusBadRequest,
		"bytes */*":            http.StatusBadRequest,
		"bytes */5":            http.StatusBadRequest, // a question has no body
		"bytes 0-99/200":       http.StatusBadRequest, // the body has another length
		"bytes 0-4/2147483647": http.StatusRequestEntityTooLarge,
		"bytes -1-4/5":         http.StatusBadRequest,
	} {
		a := r.send(t, "PUT", path, n, "image/jpeg", photo[:5], "Content-Range", header)
		if a.status != status {
			t.Errorf("%s: %d %s", header, a.status, a.body)
		}
	}
}

// What comes together and is not what the name says is dropped, and the same
// photo can be sent anew.
func TestPiecesThatDoNotFit(t *testing.T) {
	t.Parallel()
	c := new(clock)
	s := cloudtest.NewSite(t, c.now)
	r := start(t, s, "", c, 0)
	gate := s.Enrol(t, "N")
	n := r.token(t, gate)
	photo := noise(t, 2, 400)
	total := len(photo)
	put := func(name string, b []byte, from, to int) answer {
		return r.send(t, "PUT", "/api/v1/photos/"+name, n, "image/jpeg", b[from:to], "Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, total))
	}
	spoilt := bytes.Clone(photo)
	spoilt[500] ^= 1
	name := hash(photo)
	if a := put(name, spoilt, 0, 50_000); a.status != http.StatusNoContent {
		t.Fatalf("the first piece: %d %s", a.status, a.body)
	}
	if a := put(name, spoilt, 50_000, total); a.status != http.StatusBadRequest {
		t.Fatalf("a photo that is not what its name says: %d %s", a.status, a.body)
	}
	if a := put(name, photo, 0, 50_000); a.status != http.StatusNoContent {
		t.Fatalf("the first piece anew: %d %s", a.status, a.body)
	}
	if a := put(name, photo, 50_000, total); a.status != http.StatusNoContent {
		t.Fatalf("the rest: %d %s", a.status, a.body)
	}
	// Unfinished photos are bounded: the oldest goes.
	for seed := range uint64(6) {
		if a := put(hash(noise(t, 10+seed, 32)), photo, 0, 1000); a.status != http.StatusNoContent {
			t.Fatalf("an unfinished photo: %d %s", a.status, a.body)
		}
	}
	kept := 0
	for seed := range uint64(6) {
		if a := put(hash(noise(t, 10+seed, 32)), photo, 1000, 2000); a.status == http.StatusNoContent {
			kept++
		}
	}
	if kept == 0 || kept > 4 {
		t.Errorf("%d unfinished photos are kept", kept)
	}
}
