package vision

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"gatehouse/parking"
)

// The protocol between gate and worker, over the worker's standard input and
// output. Every message is a frame: 4 bytes of length (big endian, of what
// follows), 8 bytes of request number, then the body.
//
//	worker → gate   number 0: a hello, once, when it is ready to read
//	gate → worker   number n: 1 byte length of the country, the country, the picture
//	worker → gate   number n: a reply as JSON
//
// The worker ends when its input ends.

// ProtocolVersion is what the hello of a worker must state.
const ProtocolVersion = 1

const (
	numberBytes = 8
	// maxRequestBytes bounds a request frame: the largest picture and its head.
	maxRequestBytes = MaxPictureBytes + numberBytes + 64
	// maxReplyBytes bounds a reply frame; a reading is under a kilobyte.
	maxReplyBytes = 64 << 10
	maxCountry    = 16
)

var errFrameSize = errors.New("the frame's length is outside of its bounds")

// frame is one message.
type frame struct {
	number uint64
	body   []byte
}

// readFrame reads a frame of at most limit bytes. It returns io.EOF at a clean
// end. Memory is taken as the bytes come, not as the length promises.
func readFrame(r io.Reader, limit int) (frame, error) {
	var head [4 + numberBytes]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return frame{}, io.EOF
		}
		return frame{}, fmt.Errorf("read a frame's head: %w", err)
	}
	length := binary.BigEndian.Uint32(head[:4])
	if length < numberBytes || int64(length) > int64(limit) {
		return frame{}, fmt.Errorf("a frame of %d bytes: %w", length, errFrameSize)
	}
	want := int64(length) - numberBytes
	body, err := io.ReadAll(io.LimitReader(r, want))
	if err != nil {
		return frame{}, fmt.Errorf("read a frame's body: %w", err)
	}
	if int64(len(body)) != want {
		return frame{}, fmt.Errorf("read a frame's body: %w", io.ErrUnexpectedEOF)
	}
	return frame{binary.BigEndian.Uint64(head[4:]), body}, nil
}

// writeFrame writes a frame in one piece.
func writeFrame(w io.Writer, f frame, limit int) error {
	length := numberBytes + len(f.body)
	if length > limit {
		return fmt.Errorf("a frame of %d bytes: %w", length, errFrameSize)
	}
	buffer := make([]byte, 0, 4+length)
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(length))
	buffer = binary.BigEndian.AppendUint64(buffer, f.number)
	if _, err := w.Write(append(buffer, f.body...)); err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	return nil
}

// hello is the body of the worker's first frame.
type hello struct {
	Protocol int `json:"protocol"`
}

func writeHello(out io.Writer) error {
	greeting, err := json.Marshal(hello{ProtocolVersion})
	if err != nil {
		return fmt.Errorf("encode the hello: %w", err)
	}
	return writeFrame(out, frame{0, greeting}, maxReplyBytes)
}

var errVersion = errors.New("the worker speaks another protocol")

// checkHello refuses what is no hello, and one of another version (errVersion).
func checkHello(f frame) error {
	var greeting hello
	if err := json.Unmarshal(f.body, &greeting); err != nil || f.number != 0 {
		return fmt.Errorf("the first frame is no hello: %w", errors.Join(err, errReply))
	}
	if greeting.Protocol != ProtocolVersion {
		return fmt.Errorf("%w: protocol %d, here %d", errVersion, greeting.Protocol, ProtocolVersion)
	}
	return nil
}

// reply is the body of an answer: a reading, or a refusal.
type reply struct {
	Reading *Reading     `json:"reading,omitempty"`
	Code    parking.Code `json:"code,omitempty"`
	Message string       `json:"message,omitempty"`
}

var errReply = errors.New("a reply is neither a reading nor a refusal")

// parseReply takes the body of an answer apart and bounds what is in it.
func parseReply(body []byte) (reply, error) {
	var got reply
	if err := json.Unmarshal(body, &got); err != nil {
		return reply{}, fmt.Errorf("parse the vision worker's reply: %w", err)
	}
	if got.Reading == nil {
		if got.Code == "" || got.Message == "" {
			return reply{}, errReply
		}
		return got, nil
	}
	return got, got.Reading.check()
}

func requestBody(picture []byte, country string) ([]byte, error) {
	if len(country) > maxCountry {
		return nil, parking.Errorf(parking.Invalid, "The country %q of the plate grammar is not known.", country[:maxCountry])
	}
	body := make([]byte, 0, 1+len(country)+len(picture))
	body = append(body, byte(len(country)))
	body = append(body, country...)
	return append(body, picture...), nil
}

var errRequest = errors.New("the request's head is cut off or out of bounds")

func parseRequest(body []byte) (picture []byte, country string, err error) {
	if len(body) == 0 || int(body[0]) > maxCountry || len(body) < 1+int(body[0]) {
		return nil, "", errRequest
	}
	n := 1 + int(body[0])
	return body[n:], string(body[1:n]), nil
}

// ReadFunc reads the plate of a picture under a country's grammar.
type ReadFunc func(picture []byte, country string) (Reading, error)

// Serve is the worker's side: it says hello on out and answers the requests of
// in, one after the other, until in ends (nil) or ctx does. A picture that
// cannot be read is answered with a refusal and the worker goes on; a broken
// frame ends it, since what follows cannot be trusted.
func Serve(ctx context.Context, in io.Reader, out io.Writer, read ReadFunc) error {
	if err := writeHello(out); err != nil {
		return err
	}
	for ctx.Err() == nil {
		request, err := readFrame(in, maxRequestBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		picture, country, err := parseRequest(request.body)
		if err != nil {
			return err
		}
		answer := answerTo(picture, country, read)
		body, err := json.Marshal(answer)
		if err != nil {
			return fmt.Errorf("encode a reply: %w", err)
		}
		if err := writeFrame(out, frame{request.number, body}, maxReplyBytes); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func answerTo(picture []byte, country string, read ReadFunc) reply {
	reading, err := read(picture, country)
	if err != nil {
		return reply{Code: parking.ErrorCode(err), Message: parking.ErrorMessage(err)}
	}
	return reply{Reading: &reading}
}
