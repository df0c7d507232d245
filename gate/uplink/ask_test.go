package uplink_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/gate/store/storetest"
	"gatehouse/gate/uplink"
	"gatehouse/parking"
)

func TestPlansAndSignIn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newCloud(t)
	g := newGate(t, c)
	if _, err := g.link.SignIn(ctx, "an", "secret"); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("before any connection: %v", err)
	}
	g.run()
	g.untilSynced()
	r, err := g.link.Reserve(ctx, "A001")
	if err != nil || r.Grant != 7 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := g.link.Release(ctx, r); err != nil {
		t.Fatal(err)
	}
	if _, err := g.link.Reserve(ctx, "A002"); parking.ErrorCode(err) != parking.Conflict || parking.ErrorMessage(err) != "Gate S holds slot A002." {
		t.Fatalf("a held slot: %v", err)
	}
	if a, err := g.link.SignIn(ctx, "an", "secret"); err != nil || a.Display != "An" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := g.link.SignIn(ctx, "an", "wrong"); parking.ErrorCode(err) != parking.Unauthorized {
		t.Fatalf("a wrong password: %v", err)
	}
	c.locked(func() {
		if n := c.asked["/api/v1/gate/sign-in"]; n != 2 {
			t.Errorf("the cloud was asked %d times", n)
		}
	})
	release := make(chan struct{})
	c.onRequest(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v1/reservations" {
			<-release
		}
		return false
	})
	defer close(release)
	began := time.Now()
	_, err = g.link.Reserve(ctx, "A001")
	if took := time.Since(began); parking.ErrorCode(err) != parking.Unavailable || took > 3*time.Second {
		t.Fatalf("a cloud that hangs: %v after %s", err, took)
	}
}

func TestPhotosFollowTheFacts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newCloud(t)
	g := newGate(t, c)
	jpeg := append([]byte{0xff, 0xd8, 0xff}, []byte(strings.Repeat("photo", 50))...)
	ref, err := g.state.SavePhoto(ctx, parking.RolePlate, jpeg)
	if err != nil {
		t.Fatal(err)
	}
	g.in("30A11111")
	failures := 0
	c.onRequest(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || failures == 3 {
			return false
		}
		if failures++; failures == 2 {
			html(w)
			return true
		}
		panic(http.ErrAbortHandler)
	})
	g.run()
	g.until("the photo is there", func() bool {
		waiting, err := g.state.PhotosWaiting(ctx, 1)
		return err == nil && len(waiting) == 0
	})
	c.locked(func() {
		if !bytes.Equal(c.photos[ref.SHA256], jpeg) || failures != 3 || len(c.facts) != 3 {
			t.Errorf("%d photos after %d failures, %d facts", len(c.photos), failures, len(c.facts))
		}
	})
	// Another gate's photo, for the exit: from the cloud once, then from here.
	other := append([]byte{0xff, 0xd8, 0xff}, []byte("another gate's")...)
	sha := hexSHA(other)
	if _, err := g.link.Photo(ctx, sha); parking.ErrorCode(err) != parking.NotFound {
		t.Fatalf("a photo that nobody has: %v", err)
	}
	c.locked(func() { c.photos[sha] = other })
	g.untilSynced()
	for range 2 {
		if b, err := g.link.Photo(ctx, sha); err != nil || !bytes.Equal(b, other) {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
	}
	c.locked(func() {
		if n := c.asked["/api/v1/photos/"+sha]; n != 2 {
			t.Errorf("asked %d times", n)
		}
		c.photos[sha] = jpeg // a cloud, or something before it, that lies
	})
	if waiting, err := g.state.PhotosWaiting(ctx, 1); err != nil || len(waiting) != 0 {
		t.Fatalf("the cloud's photo is sent back: %v, %v", waiting, err)
	}
}

func TestARevokedGateSaysSo(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	c.locked(func() { c.key = make([]byte, 32) })
	g.run()
	g.until("not accepted", func() bool {
		l := g.link.Link()
		return l.Cause == uplink.NotAccepted && l.Why == "This gate was revoked." && l.State == uplink.Offline
	})
	g.in("30A11111") // the lane goes on
	if g.link.Link().Queue != 2 {
		t.Fatalf("%d wait", g.link.Link().Queue)
	}
}

func TestEnrolmentKeepsNothingWhenItFails(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newCloud(t)
	st, err := store.Open(ctx, t.TempDir(), store.Options{Disk: storetest.Roomy})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close() //nolint:errcheck // a test's
	refused := func(what string, code parking.Code, cloud, oneTime string) {
		t.Helper()
		if _, err := uplink.Enrol(ctx, st, cloud, oneTime, "test"); parking.ErrorCode(err) != code {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := st.Identity(); parking.ErrorCode(err) != parking.NotFound {
			t.Errorf("%s: an identity was kept (%v)", what, err)
		}
	}
	refused("a used code", parking.Forbidden, c.srv.URL, "OLD")
	refused("no code", parking.Invalid, c.srv.URL, "")
	refused("no address", parking.Invalid, "parking.example.com", "CODE")
	refused("nobody there", parking.Unavailable, "http://127.0.0.1:1", "CODE")
	c.onRequest(func(w http.ResponseWriter, _ *http.Request) bool { html(w); return true })
	refused("a login page", parking.Unavailable, c.srv.URL, "CODE")
	c.onRequest(func(w http.ResponseWriter, _ *http.Request) bool { answer(w, struct{}{}); return true })
	refused("something else", parking.Unavailable, c.srv.URL, "CODE")
	c.onRequest(nil)
	id, err := uplink.Enrol(ctx, st, c.srv.URL+"/", "CODE", "test")
	if err != nil || id.Gate != "N" || id.Site != c.site || id.CloudURL != c.srv.URL {
		t.Fatalf("%v, %v", id, err)
	}
	// The same folder for another gate: its records would be mixed up.
	c.locked(func() { c.site = uuid.New() })
	if _, err := uplink.Enrol(ctx, st, c.srv.URL, "CODE", "test"); parking.ErrorCode(err) != parking.Conflict {
		t.Fatalf("another gate in the same folder: %v", err)
	}
	if got, err := st.Identity(); err != nil || got.Site != id.Site {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestRunEndsAtOnce(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	g := newGate(t, c)
	c.onRequest(func(_ http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client go
		<-r.Context().Done()               // nothing ever answers
		return true
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.link.Run(ctx) }()
	g.until("it asks", func() bool {
		n := 0
		c.locked(func() { n = c.asked["/api/v1/gates/challenge"] })
		return n > 1
	})
	cancel()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
}
