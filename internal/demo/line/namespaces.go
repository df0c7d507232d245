package line

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// namePrefix marks the namespaces that are ours; the pid of their owner
	// follows, so that those of a killed one are found.
	namePrefix = "gatehouse-"
	whereNamed = "/run/netns"
	// cloudIP is the cloud's address, on its own loopback and routed to: the
	// same for every gate. None of it leaves the namespaces.
	cloudIP = "10.213.0.1"
	// uplink is the gate's end of its line.
	uplink = "uplink"
)

// Namespaces are network namespaces for one cloud and some gates, each gate
// joined to the cloud by a pair of veth devices and to nothing else.
type Namespaces struct {
	cloud string
	gates []string
}

// NamespacesMissing says in a sentence why namespaces cannot be made here, ""
// if they can.
func NamespacesMissing() string {
	if os.Geteuid() != 0 {
		return "network namespaces are made by root only"
	}
	for name, pack := range map[string]string{"ip": "iproute2", "nft": "nftables"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Sprintf("the program %s is missing: apt-get install %s", name, pack)
		}
	}
	return ""
}

// NewNamespaces makes them. Whatever a killed owner left is removed first.
func NewNamespaces(ctx context.Context, gates int) (n *Namespaces, err error) {
	if why := NamespacesMissing(); why != "" {
		return nil, errors.New(why)
	}
	if err := sweep(ctx); err != nil {
		return nil, err
	}
	own := namePrefix + strconv.Itoa(os.Getpid())
	for i := 0; ; i++ { // one program may hold several sets, as tests do
		n = &Namespaces{cloud: fmt.Sprintf("%s-%d-cloud", own, i)}
		if _, err := os.Stat(filepath.Join(whereNamed, n.cloud)); err != nil {
			break
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if err := run(ctx, "", "ip", "netns", "add", n.cloud); err != nil {
		return n, err
	}
	for _, args := range [][]string{{"link", "set", "lo", "up"}, {"addr", "add", cloudIP + "/32", "dev", "lo"}} {
		if err := run(ctx, "", "ip", append([]string{"-n", n.cloud}, args...)...); err != nil {
			return n, err
		}
	}
	for i := range gates {
		if err := n.addGate(ctx, i); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (n *Namespaces) addGate(ctx context.Context, i int) error {
	name := strings.TrimSuffix(n.cloud, "cloud") + strconv.Itoa(i)
	if err := run(ctx, "", "ip", "netns", "add", name); err != nil {
		return err
	}
	n.gates = append(n.gates, name)
	device, here, there := device(i), fmt.Sprintf("10.213.%d.1", i+1), fmt.Sprintf("10.213.%d.2", i+1)
	for _, args := range [][]string{
		{"-n", n.cloud, "link", "add", device, "type", "veth", "peer", "name", uplink, "netns", name},
		{"-n", n.cloud, "addr", "add", here + "/24", "dev", device},
		{"-n", n.cloud, "link", "set", device, "up"},
		{"-n", name, "addr", "add", there + "/24", "dev", uplink},
		{"-n", name, "link", "set", "lo", "up"},
		{"-n", name, "link", "set", uplink, "up"},
		{"-n", name, "route", "add", cloudIP, "via", here},
	} {
		if err := run(ctx, "", "ip", args...); err != nil {
			return err
		}
	}
	return nil
}

// device is the cloud's end of gate i's line.
func device(i int) string { return "g" + strconv.Itoa(i) }

// CloudIP is the address at which the cloud must listen.
func (n *Namespaces) CloudIP() string { return cloudIP }

// InCloud and InGate are what to put before a command so that it runs in the
// cloud's or in gate i's namespace. The command keeps the process id.
func (n *Namespaces) InCloud() []string { return []string{"ip", "netns", "exec", n.cloud} }

// InGate is InCloud for gate i.
func (n *Namespaces) InGate(i int) []string { return []string{"ip", "netns", "exec", n.gates[i]} }

// DialCloud and DialGate connect to an address as somebody in that namespace.
func (n *Namespaces) DialCloud(ctx context.Context, network, address string) (net.Conn, error) {
	return dialIn(ctx, n.cloud, network, address)
}

// DialGate returns DialCloud for gate i.
func (n *Namespaces) DialGate(i int) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialIn(ctx, n.gates[i], network, address)
	}
}

// dialIn makes the connection on a thread that has entered the namespace: a
// socket belongs to the namespace in which it was made.
func dialIn(ctx context.Context, name, network, address string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		if err := enter(name); err != nil {
			done <- result{nil, err}
			return
		}
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		done <- result{c, err}
	}()
	r := <-done
	return r.conn, r.err
}

// enter takes the goroutine into a namespace for the rest of its life: its
// thread ends with it instead of coming back to others who do not expect that.
func enter(name string) error {
	runtime.LockOSThread()
	f, err := os.Open(filepath.Join(whereNamed, name))
	if err == nil {
		err = errors.Join(unix.Setns(int(f.Fd()), unix.CLONE_NEWNET), f.Close())
	}
	if err != nil {
		return fmt.Errorf("enter the network namespace %s: %w", name, err)
	}
	return nil
}

// Line is gate i's line; the cloud listens at address.
func (n *Namespaces) Line(i int, url string) Line { return &veth{of: n, gate: i, url: url} }

// Close removes the namespaces, and with them devices and rules. Processes in
// them must have ended before.
func (n *Namespaces) Close() error {
	var err error
	for _, name := range append(n.gates, n.cloud) {
		if _, gone := os.Stat(filepath.Join(whereNamed, name)); gone == nil {
			err = errors.Join(err, run(context.Background(), "", "ip", "netns", "del", name))
		}
	}
	return err
}

// sweep removes the namespaces of owners that are no more.
func sweep(ctx context.Context) error {
	found, err := filepath.Glob(filepath.Join(whereNamed, namePrefix+"*"))
	if err != nil {
		return fmt.Errorf("look for old network namespaces: %w", err)
	}
	for _, path := range found {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), namePrefix), "-")
		if _, err := strconv.Atoi(owner); err != nil {
			continue // not one of ours after all
		}
		if _, alive := os.Stat("/proc/" + owner); alive == nil {
			continue
		}
		if err := run(ctx, "", "ip", "netns", "del", filepath.Base(path)); err != nil {
			if _, gone := os.Stat(path); gone == nil {
				return err
			} // somebody else swept it at the same time
		}
	}
	return nil
}

// veth is the line of a gate in a namespace. What is lost is lost where it
// would arrive: a rule at the sender would tell it so.
type veth struct {
	of   *Namespaces
	gate int
	url  string
}

// URL is where the gate finds its cloud.
func (v *veth) URL() string { return v.url }

// Close leaves the line as it is; it goes with the namespaces.
func (v *veth) Close() error { return nil }

// Set writes the kernel's rules for both ends.
func (v *veth) Set(t Trouble) error {
	if t.Delay > 0 || t.LostAnswers > 0 || t.Copies > 1 {
		return errors.New("in network namespaces a line can be cut, cut one way or lossy; slow, answers and duplicate need the proxy, so run without --namespaces")
	}
	ctx := context.Background()
	return errors.Join(
		rules(ctx, v.of.gates[v.gate], uplink, t.CutIn, t.Loss),
		rules(ctx, v.of.cloud, device(v.gate), t.CutOut, t.Loss),
	)
}

// rules makes the table of one device: adding it first lets the deletion
// succeed where there was none.
func rules(ctx context.Context, name, device string, cut bool, loss int) error {
	table := "line_" + device
	script := fmt.Sprintf("add table inet %s\ndelete table inet %s\n", table, table)
	rule := ""
	switch {
	case cut || loss >= 100:
		rule = "drop"
	case loss > 0:
		rule = fmt.Sprintf("numgen random mod 100 < %d drop", loss)
	}
	if rule != "" {
		script += fmt.Sprintf("table inet %s {\n chain arriving {\n  type filter hook input priority 0;\n  iifname %q %s\n }\n}\n", table, device, rule)
	}
	return run(ctx, script, "ip", "netns", "exec", name, "nft", "-f", "-")
}

// run runs a program with what it reads, and says what it said when it fails.
func run(ctx context.Context, input, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
