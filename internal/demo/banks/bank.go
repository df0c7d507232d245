package banks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse/internal/wire"
)

const (
	// tellAgain is between two tries to tell a cloud that does not answer.
	tellAgain = 500 * time.Millisecond
	maxAnswer = 64 << 10
)

// Bank tells a cloud of transfers.
type Bank struct {
	Cloud    func() string // address of a replica; "" while there is none
	Provider Provider
	Proof    Proof
	Client   *http.Client

	last atomic.Int64
}

// NewID is an id for the next transfer, another one in each run of a program.
func (b *Bank) NewID() int64 {
	now := time.Now().UnixMicro()
	for {
		last := b.last.Load()
		id := max(now, last+1)
		if b.last.CompareAndSwap(last, id) {
			return id
		}
	}
}

// Refused is the cloud's no to a notice.
type Refused struct {
	Status int
	Detail string // its sentence
}

func (r *Refused) Error() string { return r.Detail }

// Tell tells the cloud of a transfer until it has taken the notice or refused
// it (Refused), or ctx ends.
func (b *Bank) Tell(ctx context.Context, t Transfer) error {
	for {
		n, err := t.Notice(b.Provider, b.Proof, time.Now())
		if err != nil {
			return err
		}
		err = b.Send(ctx, n)
		refused, is := errors.AsType[*Refused](err)
		if err == nil || is && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusTooManyRequests {
			return err
		}
		timer := time.NewTimer(tellAgain)
		select {
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		case <-timer.C:
		}
	}
}

// Send tells it once.
func (b *Bank) Send(ctx context.Context, n Notice) (err error) {
	cloud := b.Cloud()
	if cloud == "" {
		return errors.New("no cloud answers")
	}
	url := strings.TrimSuffix(cloud, "/") + "/webhooks/" + string(b.Provider)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(n.Body))
	if err != nil {
		return fmt.Errorf("make a notice: %w", err)
	}
	req.Header = n.Header.Clone()
	res, err := b.Client.Do(req)
	if err != nil {
		return fmt.Errorf("tell the cloud: %w", err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the cloud's answer: %w", err)
	}
	var said struct {
		Success bool `json:"success"`
	}
	if res.StatusCode == http.StatusOK && json.Unmarshal(raw, &said) == nil && said.Success {
		return nil
	}
	var problem wire.Problem
	if json.Unmarshal(raw, &problem) != nil || problem.Detail == "" {
		problem.Detail = "the cloud answered " + res.Status
	}
	return &Refused{Status: res.StatusCode, Detail: problem.Detail}
}
