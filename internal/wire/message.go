package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ParseMessage reads one WebSocket message. One that ends before its JSON does
// is io.ErrUnexpectedEOF: the line broke within it. That has to be told apart
// from a peer who speaks something else here, because coder/websocket hands
// over what has come so far as if the message were whole when a connection
// ends between the bytes that it reads in one go.
func ParseMessage(text []byte) (Message, error) {
	var m Message
	err := json.Unmarshal(text, &m)
	if err == nil {
		return m, nil
	}
	// Only a Decoder tells an early end from other mistakes.
	all := json.NewDecoder(bytes.NewReader(text)).Decode(new(json.RawMessage))
	if errors.Is(all, io.EOF) || errors.Is(all, io.ErrUnexpectedEOF) {
		return Message{}, fmt.Errorf("a message of which only %d bytes came: %w", len(text), io.ErrUnexpectedEOF)
	}
	return Message{}, err
}
