package gate

import (
	"context"
	"net"

	"gatehouse/gate/remote"
)

// consoles are those that guards reach over SSH; the zero value is none.
type consoles struct {
	server   *remote.Server
	listener net.Listener
}

// openConsoles opens the consoles over SSH, where there are to be any.
func (n *Node) openConsoles(ctx, running context.Context) error {
	if n.cfg.SSH == "" {
		return nil
	}
	act, err := remote.ParseAct(n.cfg.SSHAct)
	if err != nil {
		return err
	}
	server, err := remote.New(remote.Config{Desk: n.desk, Dir: n.cfg.DataDir, Act: act, Log: n.log, Settings: n.settings, Keys: n.cfg.Keys})
	if err != nil {
		return err
	}
	listener, err := remote.Listen(ctx, n.cfg.SSH)
	if err != nil {
		return err
	}
	n.consoles = consoles{server: server, listener: listener}
	n.start("consoles over SSH", running, func(ctx context.Context) error { return server.Serve(ctx, listener) })
	n.log.Info("consoles over SSH", "address", n.SSHAddr(), "host_key", server.Fingerprint())
	return nil
}

// SSHAddr is where consoles are reached over SSH, "" for nowhere.
func (n *Node) SSHAddr() string {
	if n.consoles.listener == nil {
		return ""
	}
	return n.consoles.listener.Addr().String()
}

// SSHFingerprint is that of the host key there, "" without one.
func (n *Node) SSHFingerprint() string {
	if n.consoles.server == nil {
		return ""
	}
	return n.consoles.server.Fingerprint()
}
