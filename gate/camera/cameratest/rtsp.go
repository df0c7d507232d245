// Package cameratest has cameras of its own for tests: a real RTSP server whose
// pictures a test gives, which can be ended and come back at the same address.
package cameratest

import (
	"net"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtp"
)

// interval between two pictures of an RTSP camera.
const interval = 40 * time.Millisecond

// RTSP is a camera that sends video over RTSP on TCP.
type RTSP struct {
	Address        string        // host:port; a free one when "" at the start
	Format         format.Format // *format.MJPEG or *format.H264
	User, Password string        // "" for whoever asks
	// Next is asked for each picture, 25 times a second: one JPEG, or the NAL
	// units of an access unit. Empty sends nothing.
	Next func() [][]byte

	server *gortsplib.Server
	stream *gortsplib.ServerStream
	stop   chan struct{}
	done   chan struct{}
}

// Start begins to serve; the test's end stops it.
func (r *RTSP) Start(t testing.TB) {
	t.Helper()
	if r.Address == "" {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r.Address = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r.server = &gortsplib.Server{Handler: r, RTSPAddress: r.Address}
	if err := r.server.Start(); err != nil {
		t.Fatal(err)
	}
	media := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{r.Format}}
	r.stream = &gortsplib.ServerStream{Server: r.server, Desc: &description.Session{Medias: []*description.Media{media}}}
	if err := r.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	r.stop, r.done = make(chan struct{}), make(chan struct{})
	go r.run(t, media)
	t.Cleanup(r.Stop)
}

// Stop ends the camera and every connection to it. Start brings it back.
func (r *RTSP) Stop() {
	if r.stop == nil {
		return
	}
	close(r.stop)
	<-r.done
	r.stream.Close()
	r.server.Close()
	r.stop = nil
}

func (r *RTSP) run(t testing.TB, media *description.Media) {
	defer close(r.done)
	encode, err := encoderOf(r.Format)
	if err != nil {
		t.Errorf("encode for RTSP: %v", err)
		return
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for number := uint32(1); ; number++ {
		select {
		case <-tick.C:
		case <-r.stop:
			return
		}
		unit := r.Next()
		if len(unit) == 0 {
			continue
		}
		packets, err := encode(unit)
		if err != nil {
			t.Errorf("encode for RTSP: %v", err)
			return
		}
		for _, p := range packets {
			p.Timestamp = number * uint32(90_000*interval/time.Second)
			if err := r.stream.WritePacketRTP(media, p); err != nil {
				t.Errorf("send a packet: %v", err)
				return
			}
		}
	}
}

func encoderOf(f format.Format) (func([][]byte) ([]*rtp.Packet, error), error) {
	switch f := f.(type) {
	case *format.H264:
		encoder, err := f.CreateEncoder()
		if err != nil {
			return nil, err
		}
		return encoder.Encode, nil
	default:
		encoder, err := (&format.MJPEG{}).CreateEncoder()
		if err != nil {
			return nil, err
		}
		return func(unit [][]byte) ([]*rtp.Packet, error) { return encoder.Encode(unit[0]) }, nil
	}
}

// OnDescribe lets in who knows the password.
func (r *RTSP) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return r.letIn(ctx.Conn, ctx.Request)
}

// OnSetup lets in who knows the password.
func (r *RTSP) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return r.letIn(ctx.Conn, ctx.Request)
}

func (r *RTSP) letIn(conn *gortsplib.ServerConn, request *base.Request) (*base.Response, *gortsplib.ServerStream, error) {
	if r.User != "" && !conn.VerifyCredentials(request, r.User, r.Password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	return &base.Response{StatusCode: base.StatusOK}, r.stream, nil
}

// OnPlay begins to send.
func (r *RTSP) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}
