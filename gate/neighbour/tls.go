package neighbour

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"gatehouse/gate/store"
	"gatehouse/internal/wire"
)

// certificate makes a certificate of the gate's own key. Nobody looks at its
// dates or names: what counts is the key, and a dead clock must not part
// neighbours.
func certificate(id store.Identity) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, id.PublicKey, id.PrivateKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make the gate's certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: id.PrivateKey}, nil
}

var errStranger = errors.New("the other side has no key of a gate of this site")

// config is TLS 1.3 with certificates on both sides. of says which gate the
// other side must be; "" for any.
func (n *Neighbours) config(of string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{n.cert}, ClientAuth: tls.RequireAnyClientCert,
		// The chain, the name and the dates are not what is checked: the key is, below.
		InsecureSkipVerify:     true, //nolint:gosec // VerifyConnection wants a key that the feed names
		SessionTicketsDisabled: true,
		NextProtos:             []string{"http/1.1"},
		VerifyConnection: func(c tls.ConnectionState) error {
			gate, ok := n.whose(&c)
			if !ok || of != "" && gate != of {
				return errStranger
			}
			return nil
		},
	}
}

// whose is the gate whose key the other side has proved to have. It is asked
// again with every request: a key may be revoked meanwhile.
func (n *Neighbours) whose(c *tls.ConnectionState) (string, bool) {
	if c == nil || len(c.PeerCertificates) == 0 {
		return "", false
	}
	key, ok := c.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return "", false
	}
	return holder(n.state.Site().Config.Keys, key)
}

// holder is the gate that has a key now.
func holder(keys []wire.GateKey, key ed25519.PublicKey) (string, bool) {
	for _, k := range keys {
		if k.Until == nil && !k.Revoked && key.Equal(ed25519.PublicKey(k.PublicKey)) {
			return k.Gate, true
		}
	}
	return "", false
}
