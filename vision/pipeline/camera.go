package pipeline

import (
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"gocv.io/x/gocv"

	"gatehouse/parking"
	"gatehouse/vision"
)

// Times of a camera that is decoded.
const (
	pictureMaxAge  = time.Second     // of a picture that is still what the camera sees now
	pictureWait    = 5 * time.Second // for the next one
	captureQuality = 92              // of the JPEG: letters are read off it
	slowestVideo   = 1               // pictures a second of a video file
	fastestVideo   = 120
)

// Camera decodes a camera's video and holds its newest picture. A picture becomes
// a JPEG only when it is asked for.
type Camera struct {
	capture *gocv.VideoCapture
	reopen  func() (*gocv.VideoCapture, error) // a file begins anew at its end; nil for all else
	pace    time.Duration                      // between two pictures of a file; 0 for what comes

	stop chan struct{}
	done chan struct{}

	mu      sync.Mutex
	newest  gocv.Mat
	at      time.Time
	arrived chan struct{} // closed and made anew with each picture
	ended   error         // why no more pictures come; nil while they do
}

// OpenCamera opens rtsp://, rtsps://, v4l2:/dev/video0 or video:/path, as
// gate/camera names them. The error is an Error with a sentence.
func OpenCamera(spec string) (*Camera, error) {
	// Read by OpenCV when a stream is opened: over TCP, since a lost packet is a
	// torn letter; microseconds of silence after which reading gives up. Its log
	// would print addresses with their passwords.
	_ = os.Setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|timeout;10000000|fflags;nobuffer") // fails only on a malformed name
	_ = os.Setenv("OPENCV_LOG_LEVEL", "SILENT")
	kind, rest, _ := strings.Cut(spec, ":")
	path, query, _ := strings.Cut(rest, "?")
	c := &Camera{stop: make(chan struct{}), done: make(chan struct{}), arrived: make(chan struct{}), newest: gocv.NewMat()}
	open := func() (*gocv.VideoCapture, error) { return openVideo(spec, gocv.VideoCaptureFFmpeg) }
	refused := "The camera's stream cannot be opened; check its path and its password."
	switch kind {
	case "rtsp", "rtsps":
	case "v4l2":
		open = func() (*gocv.VideoCapture, error) { return openVideo(path, gocv.VideoCaptureV4L2) }
		refused = "The camera at USB cannot be opened; it is not there, or another program has it."
	case "video":
		open = func() (*gocv.VideoCapture, error) { return openVideo(path, gocv.VideoCaptureFFmpeg) }
		refused = "The video file cannot be opened."
		options, err := url.ParseQuery(query)
		if err != nil {
			return nil, parking.Errorf(parking.Invalid, "The options of the video file are not understood.")
		}
		if options.Get("end") != "stop" {
			c.reopen = open
		}
	default:
		return nil, parking.Errorf(parking.Invalid, "A camera of the kind %q is not decoded here.", kind)
	}
	var err error
	if c.capture, err = open(); err != nil {
		return nil, errors.Join(parking.Errorf(parking.Unavailable, "%s", refused), c.newest.Close())
	}
	if kind == "video" {
		fps := min(max(c.capture.Get(gocv.VideoCaptureFPS), slowestVideo), fastestVideo)
		c.pace = time.Duration(float64(time.Second) / fps)
	}
	go c.run()
	return c, nil
}

func openVideo(name string, api gocv.VideoCaptureAPI) (*gocv.VideoCapture, error) {
	capture, err := gocv.VideoCaptureFileWithAPI(name, api)
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The video cannot be opened.")
	}
	return capture, nil
}

// run decodes until the video ends or the camera is closed.
func (c *Camera) run() {
	defer close(c.done)
	next := gocv.NewMat()
	defer func() { _ = next.Close() }()
	due, again := time.Now(), false
	for {
		select {
		case <-c.stop:
			return
		default:
		}
		if !c.capture.Read(&next) || next.Empty() {
			if c.reopen == nil || again { // a file without any picture is not opened for ever
				c.end()
				return
			}
			again = true
			fresh, err := c.reopen()
			if err != nil {
				c.end()
				return
			}
			_ = c.capture.Close() // read to its end
			c.capture = fresh
			continue
		}
		again = false
		c.mu.Lock()
		c.newest, next = next, c.newest
		c.at = time.Now()
		close(c.arrived)
		c.arrived = make(chan struct{})
		c.mu.Unlock()
		if c.pace > 0 {
			due = due.Add(c.pace)
			select {
			case <-time.After(time.Until(due)):
			case <-c.stop:
				return
			}
		}
	}
}

// end tells who waits that no more pictures come.
func (c *Camera) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = parking.Errorf(parking.Unavailable, "The connection to the camera was lost.")
	if c.pace > 0 {
		c.ended = parking.Errorf(parking.NotFound, "The video has ended.")
	}
	close(c.arrived)
	c.arrived = make(chan struct{})
}

// Picture returns what the camera sees now, JPEG. The error is Unavailable when
// no picture comes, NotFound at the end of a file.
func (c *Camera) Picture() ([]byte, error) {
	limit := time.NewTimer(pictureWait)
	defer limit.Stop()
	for {
		c.mu.Lock()
		switch {
		case c.ended != nil:
			defer c.mu.Unlock()
			return nil, c.ended
		case !c.at.IsZero() && time.Since(c.at) < max(pictureMaxAge, 2*c.pace):
			defer c.mu.Unlock()
			return c.encode()
		}
		arrived := c.arrived
		c.mu.Unlock()
		select {
		case <-arrived:
		case <-limit.C:
			return nil, parking.Errorf(parking.Unavailable, "The camera is connected and sends no pictures.")
		}
	}
}

// encode makes a JPEG of the newest picture. mu is held.
func (c *Camera) encode() ([]byte, error) {
	if c.newest.Cols() > vision.MaxPicturePixels/max(c.newest.Rows(), 1) {
		return nil, parking.Errorf(parking.TooLarge, "The picture has more than %d megapixels.", vision.MaxPicturePixels/1_000_000)
	}
	encoded, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, c.newest, []int{gocv.IMWriteJpegQuality, captureQuality})
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The camera's picture is broken.")
	}
	defer encoded.Close()
	return append([]byte(nil), encoded.GetBytes()...), nil
}

// Close ends the decoding. It may take as long as a read of a silent stream.
func (c *Camera) Close() error {
	close(c.stop)
	<-c.done
	return errors.Join(c.capture.Close(), c.newest.Close())
}
