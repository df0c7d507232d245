package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/gate"
	"gatehouse/gate/localapi"
	"gatehouse/parking"
)

// Bounds of a question to the running gate.
const (
	askWait   = 20 * time.Second // a walk through a full car park is one long write
	askAnswer = 8 << 20          // bytes
)

// ask sends a request to the gate that runs on a data folder and returns its
// answer. A refusal is the gate's own sentence.
func ask(ctx context.Context, data, method, path, contentType string, body []byte) ([]byte, error) {
	address, err := os.ReadFile(filepath.Join(data, gate.AddressFile)) //nolint:gosec // a fixed name in the folder that was named
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "No gate runs on %s.", data)
	}
	token, err := localapi.Token(data)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+strings.TrimSpace(string(address))+path, bytes.NewReader(body))
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The file %s is damaged; start the gate again.", gate.AddressFile)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "No gate runs on %s.", data)
	}
	defer func() { _ = resp.Body.Close() }() // only read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, askAnswer))
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The gate's answer broke off; ask again.")
	}
	if resp.StatusCode == http.StatusOK {
		return answer, nil
	}
	var p struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(answer, &p) == nil && p.Detail != "" {
		return nil, parking.Errorf(parking.Invalid, "%s", p.Detail)
	}
	return nil, parking.Errorf(parking.Unavailable, "The gate refused (%d).", resp.StatusCode)
}
