package line

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// needRoot skips where namespaces cannot be made; root must have the programs.
func needRoot(t *testing.T) {
	t.Helper()
	if why := NamespacesMissing(); why != "" {
		if os.Geteuid() == 0 {
			t.Fatal(why)
		}
		t.Skip(why)
	}
}

// A gate reaches the cloud and nobody else, and what the rules say is lost is
// lost, in that direction only.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	needRoot(t)
	n, err := NewNamespaces(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := filepath.Glob(filepath.Join(whereNamed, strings.TrimSuffix(n.cloud, "cloud")+"*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}()
	address := echoIn(t, n)
	say := func(gate int, limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		c, err := n.DialGate(gate)(ctx, "tcp", address)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(limit))
		_, _ = io.WriteString(c, "hello\n")
		got, err := bufio.NewReader(c).ReadString('\n')
		if err == nil && got != "hello\n" {
			err = errors.New("it answered " + got)
		}
		return err
	}
	for i := range 2 {
		if err := say(i, patience); err != nil {
			t.Fatalf("gate %d: %v", i, err)
		}
	}
	if c, err := net.DialTimeout("tcp", address, 200*time.Millisecond); err == nil {
		_ = c.Close()
		t.Error("the cloud can be reached from outside")
	}
	bad := n.Line(0, "http://"+address)
	for _, trouble := range []Trouble{{CutIn: true, CutOut: true}, {CutIn: true}, {CutOut: true}, {Loss: 100}} {
		set(t, bad, trouble)
		if err := say(0, 300*time.Millisecond); err == nil {
			t.Errorf("gate 0 was heard over %+v", trouble)
		}
		if err := say(1, patience); err != nil {
			t.Errorf("gate 1 over the other's %+v: %v", trouble, err)
		}
	}
	set(t, bad, Trouble{})
	if err := say(0, patience); err != nil {
		t.Errorf("healed: %v", err)
	}
	if err := bad.Set(Trouble{Copies: 2}); err == nil {
		t.Error("the kernel cannot copy batches, and did not say so")
	}
}

// echoIn answers each line in the cloud's namespace; its address is returned.
func echoIn(t *testing.T, n *Namespaces) string {
	t.Helper()
	listeners := make(chan net.Listener, 1)
	go func() {
		err := enter(n.cloud)
		var l net.Listener
		if err == nil {
			l, err = net.Listen("tcp", n.CloudIP()+":0")
		}
		if err != nil {
			t.Error(err)
		}
		listeners <- l
	}()
	l := <-listeners
	if l == nil {
		t.FailNow()
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(patience))
				if line, err := bufio.NewReader(c).ReadString('\n'); err == nil {
					_, _ = io.WriteString(c, line)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// What a killed owner left goes at the next start; a living one's stays.
func TestSweep(t *testing.T) {
	t.Parallel()
	needRoot(t)
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dead := namePrefix + strconv.Itoa(gone.Process.Pid) + "-0-cloud"
	alive := namePrefix + strconv.Itoa(os.Getpid()) + "-99-cloud"
	for _, name := range []string{dead, alive} {
		if err := run(t.Context(), "", "ip", "netns", "add", name); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if err := run(context.Background(), "", "ip", "netns", "del", alive); err != nil {
			t.Error(err)
		}
	}()
	if err := sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(whereNamed, dead)); err == nil {
		t.Error("the namespace of a dead owner is still there")
	}
}
