package vision

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"gatehouse/parking"
)

func smallJPEG(testing.TB) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 32, 24)), nil); err != nil {
		panic(err) // a buffer takes everything
	}
	return out.Bytes()
}

// hugePNG is a small file whose header promises 100,000 × 100,000 pixels.
func hugePNG(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	img := image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.Black})
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	data := out.Bytes()
	binary.BigEndian.PutUint32(data[16:], 100_000)
	binary.BigEndian.PutUint32(data[20:], 100_000)
	// The header's checksum covers both numbers.
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

func TestCheckPicture(t *testing.T) {
	t.Parallel()
	good := smallJPEG(t)
	for _, c := range []struct {
		name string
		data []byte
		want parking.Code
	}{
		{"picture", good, ""},
		{"picture cut off after its header", good[:len(good)-4], ""}, // the decoder's matter
		{"nothing", nil, parking.Invalid},
		{"text", []byte("this is no picture"), parking.Invalid},
		{"cut off within its header", good[:40], parking.Invalid},
		{"header that promises too much", hugePNG(t), parking.TooLarge},
		{"file too large", make([]byte, MaxPictureBytes+1), parking.TooLarge},
	} {
		if got := parking.ErrorCode(CheckPicture(c.data)); got != c.want {
			t.Errorf("%s: code %q, want %q", c.name, got, c.want)
		}
	}
}

func TestServeAnswersEachRequest(t *testing.T) {
	t.Parallel()
	var in, out bytes.Buffer
	for number, picture := range []string{"one", "bad", "three"} {
		body, err := requestBody([]byte(picture), "vn")
		if err != nil {
			t.Fatal(err)
		}
		if err := writeFrame(&in, frame{uint64(number + 1), body}, maxRequestBytes); err != nil {
			t.Fatal(err)
		}
	}
	err := Serve(context.Background(), &in, &out, func(picture []byte, country string) (Reading, error) {
		if country != "vn" {
			t.Errorf("country %q came through", country)
		}
		if string(picture) == "bad" {
			return None(), parking.Errorf(parking.Invalid, "This is no picture.")
		}
		return Reading{Outcome: OutcomeRead, Plate: parking.Plate(picture)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	greeting, err := readFrame(&out, maxReplyBytes)
	if err != nil || greeting.number != 0 {
		t.Fatalf("hello: %+v, %v", greeting, err)
	}
	for number, want := range []string{"one", "", "three"} {
		f, err := readFrame(&out, maxReplyBytes)
		if err != nil || f.number != uint64(number+1) {
			t.Fatalf("reply %d: %+v, %v", number+1, f, err)
		}
		reading, err := (&worker{kill: func(string) {}}).reading(f.body)
		if string(reading.Plate) != want {
			t.Errorf("reply %d holds %q, want %q", f.number, reading.Plate, want)
		}
		if refused := parking.ErrorMessage(err) == "This is no picture."; refused != (want == "") {
			t.Errorf("reply %d came with %v", f.number, err)
		}
	}
}

func TestReadFrameRefuses(t *testing.T) {
	t.Parallel()
	head := func(length uint32) string {
		return string(binary.BigEndian.AppendUint32(nil, length)) + "\x00\x00\x00\x00\x00\x00\x00\x01"
	}
	for _, c := range []struct {
		name, bytes string
		want        error
	}{
		{"clean end", "", io.EOF},
		{"cut head", "\x00\x00", io.ErrUnexpectedEOF},
		{"too short", head(3), errFrameSize},
		{"too long", head(1 << 31), errFrameSize},
		{"cut body", head(100) + "abc", io.ErrUnexpectedEOF},
	} {
		if _, err := readFrame(strings.NewReader(c.bytes), 1000); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzFrame(f *testing.F) {
	var seed bytes.Buffer
	if err := writeFrame(&seed, frame{7, []byte("\x02vnpicture")}, 1000); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readFrame(bytes.NewReader(data), 1000)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, got, 1000); err != nil || !bytes.HasPrefix(data, again.Bytes()) {
			t.Fatalf("frame %+v is written as % x, %v", got, again.Bytes(), err)
		}
		if picture, country, err := parseRequest(got.body); err == nil && len(picture)+len(country)+1 != len(got.body) {
			t.Fatalf("request of %d bytes falls apart into %d and %d", len(got.body), len(country), len(picture))
		}
	})
}

func FuzzCheckPicture(f *testing.F) {
	f.Add(smallJPEG(f))
	f.Add(hugePNG(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := CheckPicture(data); err != nil {
			if code := parking.ErrorCode(err); code != parking.Invalid && code != parking.TooLarge {
				t.Fatalf("refused with %q", code)
			}
			return
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width*config.Height > MaxPicturePixels {
			t.Fatalf("let through %d × %d, %v", config.Width, config.Height, err)
		}
	})
}

// Whatever a worker answers is a reading within its bounds, a refusal with a
// sentence, or garbage.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		`{"reading":{"outcome":"read","plate":"30A12345","confidence":0.9,"lines":1,"box":[1,2,3,4],"candidates":[{"plate":"30A12345","confidence":0.9}],"ms":3}}`,
		`{"reading":{"outcome":"none","candidates":[]}}`, `{"code":"invalid","message":"This is no picture."}`,
		`{"reading":{"outcome":"maybe"}}`, `{"reading":{"outcome":"read","plate":"A","confidence":7}}`,
		`{"reading":{"outcome":"read","plate":"","confidence":1}}`, `{}`, `[]`, `{"code":"invalid"}`, `{"reading":null}`, "\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseReply(data)
		if err != nil {
			return
		}
		if got.Reading == nil {
			if got.Code == "" || got.Message == "" {
				t.Fatalf("a refusal without words: %q", data)
			}
			return
		}
		r := got.Reading
		if r.Confidence < 0 || r.Confidence > 1 || len(r.Candidates) > maxCandidates || (r.Outcome == OutcomeNone) != (r.Plate == "") {
			t.Fatalf("let through %+v", r)
		}
	})
}
