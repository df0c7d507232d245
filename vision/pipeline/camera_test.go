package pipeline

import (
	"bytes"
	"image"
	_ "image/jpeg"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"gocv.io/x/gocv"

	"gatehouse/gate/camera/cameratest"
	"gatehouse/parking"
)

// h264Film is a film of a growing grey, as NAL units of its access units: what an
// IP camera sends. It is empty where OpenCV was built without an H.264 encoder.
func h264Film(t *testing.T) (units [][][]byte, sps, pps []byte) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "film.h264") // the bare stream
	writer, err := gocv.VideoWriterFile(name, "avc1", 25, 320, 240, true)
	if err != nil || !writer.IsOpened() {
		t.Skip("this OpenCV writes no H.264")
	}
	picture := gocv.NewMatWithSize(240, 320, gocv.MatTypeCV8UC3)
	for i := range 50 {
		picture.SetTo(gocv.NewScalar(float64(60+i), float64(60+i), float64(60+i), 0))
		if err := writer.Write(picture); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := picture.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var unit [][]byte
	for _, nal := range bytes.Split(bytes.ReplaceAll(data, []byte{0, 0, 0, 1}, []byte{0, 0, 1}), []byte{0, 0, 1}) {
		if len(nal) == 0 {
			continue
		}
		unit = append(unit, nal)
		switch nal[0] & 31 {
		case 7:
			sps = nal
		case 8:
			pps = nal
		case 1, 5: // a picture ends its access unit
			units = append(units, unit)
			unit = nil
		}
	}
	if len(units) == 0 || sps == nil || pps == nil {
		t.Skip("this OpenCV writes no H.264")
	}
	return units, sps, pps
}

// The video of an IP camera: H.264 over RTSP.
func TestCameraDecodesH264(t *testing.T) {
	t.Parallel()
	units, sps, pps := h264Film(t)
	var at atomic.Int64
	server := &cameratest.RTSP{Format: &format.H264{PayloadTyp: 96, SPS: sps, PPS: pps, PacketizationMode: 1}}
	server.Next = func() [][]byte { return units[int(at.Add(1)-1)%len(units)] }
	server.Start(t)
	camera, err := OpenCamera("rtsp://" + server.Address + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	picture, err := camera.Picture()
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size != image.Pt(320, 240) {
		t.Errorf("the picture is %v", size)
	}
	if r, _, _, _ := img.At(160, 120).RGBA(); r>>8 < 50 || r>>8 > 120 {
		t.Errorf("the picture's grey is %d, between 60 and 110 was sent", r>>8)
	}
	server.Stop()
	for err == nil {
		_, err = camera.Picture() // the last picture is good for a second
	}
	if parking.ErrorCode(err) != parking.Unavailable {
		t.Errorf("after the camera's end: %v", err)
	}
	if err := camera.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenCameraRefuses(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]parking.Code{
		"": parking.Invalid, "fax:1": parking.Invalid, "video:/x?%": parking.Invalid, "video:/nonexistent": parking.Unavailable,
		"v4l2:/dev/nonexistent": parking.Unavailable, "rtsp://127.0.0.1:1/": parking.Unavailable,
	} {
		if camera, err := OpenCamera(spec); parking.ErrorCode(err) != want || camera != nil {
			t.Errorf("OpenCamera(%q) = %v, %v; want code %q", spec, camera, err, want)
		}
	}
}
