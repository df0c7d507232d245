package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/demo/ledger"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

const (
	// settleEvery is between two looks at whether all agree.
	settleEvery = 25 * time.Millisecond
	// auditPatience is how long books that differ are looked at again.
	auditPatience = 10 * time.Second
)

// agree waits until every gate has nothing to send and, like the cloud's API,
// shows inside exactly whom the drivers know to be inside. It returns how long
// that took; at the deadline it is an error that says what was missing.
func (s *simSite) agree(ctx context.Context, l *ledger.Ledger) (time.Duration, error) {
	began := time.Now()
	people := &cloudPeople{site: s, client: s.cloudClient()}
	for missing := ""; ; {
		now := s.disagreement(ctx, l, people)
		if now == "" {
			return time.Since(began), nil
		}
		if ctx.Err() == nil || missing == "" {
			missing = now // not that the question was cut short
		}
		if !sleep(ctx, settleEvery) {
			return time.Since(began), fmt.Errorf("after %s gates and cloud still do not agree: %s", time.Since(began).Round(time.Second), missing)
		}
	}
}

// disagreement says what is not equal yet, "" for nothing.
func (s *simSite) disagreement(ctx context.Context, l *ledger.Ledger, people *cloudPeople) string {
	inside := l.Inside()
	for _, g := range s.machines() {
		api := g.api.Load()
		if api == nil {
			return "gate " + g.code + " does not run"
		}
		st, err := api.status(ctx)
		switch {
		case err != nil:
			return fmt.Sprintf("gate %s: %v", g.code, err)
		case st.Link.Queue > 0:
			return fmt.Sprintf("gate %s is %s and has %d facts to send", g.code, st.Link.State, st.Link.Queue)
		case st.Inside != len(inside):
			return fmt.Sprintf("gate %s is %s and shows %d vehicles inside of %d", g.code, st.Link.State, st.Inside, len(inside))
		}
	}
	shown, err := people.inside(ctx)
	if err != nil {
		return fmt.Sprintf("the cloud: %v", err)
	}
	if len(shown) != len(inside) {
		return fmt.Sprintf("the cloud has %d vehicles inside of %d", len(shown), len(inside))
	}
	for id := range inside {
		if !shown[id] {
			return fmt.Sprintf("the cloud does not have the stay %s inside", id)
		}
	}
	return ""
}

// audit compares the books with the drivers' ledger, again until they are
// equal or patience ends: a gate may still write down the end of an alarm.
func (s *simSite) audit(ctx context.Context, l *ledger.Ledger) (*ledger.Audit, error) {
	patient, cancel := context.WithTimeout(ctx, auditPatience)
	defer cancel()
	for {
		a, err := s.auditOnce(ctx, l)
		if err != nil || len(a.Differences) == 0 || !sleep(patient, 10*settleEvery) {
			return a, err
		}
	}
}

func (s *simSite) auditOnce(ctx context.Context, l *ledger.Ledger) (*ledger.Audit, error) {
	var disks []*ledger.Disk
	var expected []string
	for _, g := range s.gates {
		var disk *ledger.Disk
		for _, folder := range g.disks() {
			d, err := ledger.ReadDisk(ctx, g.code, folder)
			if err != nil {
				return nil, err
			}
			if disk == nil {
				disk = d
				continue
			}
			disk.Absorb(d)
			expected = append(expected, "gate_rolled_back")
		}
		if twin := g.twin.Load(); twin != nil {
			d, err := ledger.ReadDisk(ctx, g.code, twin.data)
			if err != nil {
				return nil, err
			}
			disk.Absorb(d)
			disk.Waiting += d.Waiting
			expected = append(expected, "gate_cloned")
		}
		disks = append(disks, disk)
	}
	books, err := s.books(ctx)
	if err != nil {
		return nil, err
	}
	return ledger.Check(l, books, disks, expected...), nil
}

// books is what 'cloud export' writes.
func (s *simSite) books(ctx context.Context) (*ledger.Books, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.run.bin, "cloud"), "export", "--canonical", "--site", s.seed.SiteCode)
	cmd.Env = s.run.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("cloud export: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return ledger.ReadBooks(&out)
}

// cloudPeople asks the cloud's API as its administrator.
type cloudPeople struct {
	site   *simSite
	client *http.Client
	token  string
}

// inside lists the stays that the cloud has inside.
func (c *cloudPeople) inside(ctx context.Context) (map[uuid.UUID]bool, error) {
	if c.token == "" {
		if err := c.signIn(ctx); err != nil {
			return nil, err
		}
	}
	all := map[uuid.UUID]bool{}
	for after := ""; ; {
		var page struct {
			Stays []parking.Stay `json:"stays"`
			Next  string         `json:"next"`
		}
		query := url.Values{"state": {string(parking.Inside)}, "limit": {"200"}}
		if after != "" {
			query.Set("after", after)
		}
		if err := c.call(ctx, http.MethodGet, "/api/v1/stays?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		for _, s := range page.Stays {
			all[s.ID] = true
		}
		if after = page.Next; after == "" {
			return all, nil
		}
	}
}

func (c *cloudPeople) signIn(ctx context.Context) error {
	for _, u := range c.site.seed.Users {
		if u.Role != "admin" {
			continue
		}
		var answer wire.TokenAnswer
		login := wire.LoginRequest{Site: c.site.seed.SiteCode, Name: u.Name, Password: u.Password}
		if err := c.call(ctx, http.MethodPost, "/api/v1/login", login, &answer); err != nil {
			return err
		}
		c.token = answer.Token
		return nil
	}
	return errors.New("the seeded site has no administrator")
}

func (c *cloudPeople) call(ctx context.Context, method, path string, body, answer any) (err error) {
	base := c.site.replica()
	if base == "" {
		return errors.New("no replica runs")
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode a request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	said, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %s to %s: %s", res.Status, path, strings.TrimSpace(string(said)))
	}
	return json.Unmarshal(said, answer)
}

// queues asks all gates at once how they are.
func (s *simSite) queues(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	machines := s.machines()
	out := make([]string, len(machines))
	var asking sync.WaitGroup
	for i, g := range machines {
		asking.Go(func() {
			out[i] = g.code + " down"
			if api := g.api.Load(); api != nil {
				if st, err := api.status(ctx); err == nil {
					out[i] = fmt.Sprintf("%s %s %d", g.code, st.Link.State, st.Link.Queue)
				}
			}
		})
	}
	asking.Wait()
	return out
}
