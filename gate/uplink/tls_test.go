package uplink_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/clock"
	"gatehouse/gate/store"
	"gatehouse/gate/uplink"
	"gatehouse/parking"
)

// authority signs certificates for the tests' clouds.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(-20, 0, 0), NotAfter: time.Now().AddDate(20, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// leaf signs a certificate for a name or an address.
func (a *authority) leaf(name string, from, to time.Time) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: to, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secureGate is a gate of a cloud with a certificate; its machine's wall clock
// is off by off.
func secureGate(t *testing.T, c *cloud, roots *x509.CertPool, off time.Duration) *gate {
	t.Helper()
	start := time.Now()
	g := &gate{t: t, dir: t.TempDir(), cloud: c, log: &syncBuffer{}, roots: roots, beat: beat}
	g.clock = func() *clock.Clock {
		return clock.New(func() time.Time { return time.Now().Add(off) }, func() time.Duration { return time.Hour + time.Since(start) }, "boot")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.locked(func() { c.key = public })
	g.open()
	id := store.Identity{Tenant: uuid.New(), Site: c.site, Gate: "N", CloudURL: c.srv.URL, PublicKey: public, PrivateKey: private}
	if err := g.store.SaveIdentity(id); err != nil {
		t.Fatal(err)
	}
	g.openState()
	t.Cleanup(func() { g.close() })
	return g
}

func secureCloud(t *testing.T, cert tls.Certificate) *cloud {
	t.Helper()
	return newCloudOn(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
	})
}

// A gate that only guesses the time takes a certificate whose chain and name
// are good, and learns the time by it; nothing else is let through.
func TestCertificatesAndADeadClock(t *testing.T) {
	t.Parallel()
	now := time.Now()
	day := 24 * time.Hour
	known, other := newAuthority(t), newAuthority(t)
	good := known.leaf("127.0.0.1", now.Add(-day), now.Add(30*day))
	for name, tc := range map[string]struct {
		cert tls.Certificate
		off  time.Duration // of the gate's wall clock
		says string        // why it is refused; "" when it is taken
	}{
		"all well":                 {good, 0, ""},
		"ended by our clock":       {good, 400 * day, ""},
		"not begun by our clock":   {good, -300 * day, ""},
		"a clock that fell to 0":   {good, -time.Since(time.Unix(0, 0)), ""},
		"wrong name, dead clock":   {known.leaf("192.0.2.1", now.Add(-day), now.Add(day)), -300 * day, "another name"},
		"a name for an address":    {known.leaf("parking.example.com", now.Add(-day), now.Add(day)), 0, "another name"},
		"unknown, dead clock":      {other.leaf("127.0.0.1", now.Add(-day), now.Add(day)), -300 * day, "nobody known"},
		"unknown and ended":        {other.leaf("127.0.0.1", now.Add(-2*day), now.Add(-day)), 400 * day, "certificate"},
		"ended before the program": {known.leaf("127.0.0.1", now.AddDate(-10, 0, 0), now.AddDate(-9, 0, 0)), -300 * day, "certificate"},
		// Our clock is dead and cannot tell; the cloud's own time says so.
		"really ended": {known.leaf("127.0.0.1", now.Add(-30*day), now.Add(-day)), -10 * day, "ended on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := secureCloud(t, tc.cert)
			g := secureGate(t, c, known.pool(), tc.off)
			g.in("30A11111")
			g.run()
			if tc.says == "" {
				g.untilSynced()
				if r := g.state.Clock().Read(); r.Source != parking.ClockSynced || time.Until(r.At).Abs() > time.Minute {
					t.Errorf("the time was not learned: %+v", r)
				}
				if doubt := strings.Contains(g.log.String(), "certificate did not fit"); doubt != (tc.off != 0) {
					t.Errorf("said of a doubt: %v\n%s", doubt, g.log)
				}
				return
			}
			g.until("it is refused, and why", func() bool {
				l := g.link.Link()
				return l.State == uplink.Offline && l.Cause == uplink.Certificate && strings.Contains(l.Why, tc.says)
			})
			if r := g.state.Clock().Read(); r.Source != parking.ClockWall {
				t.Errorf("its time was taken: %+v", r)
			}
		})
	}
}

// A gate that knows the time refuses a certificate that has ended, whatever
// its wall clock says.
func TestACertificateThatHasReallyEnded(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	now := time.Now()
	cert := a.leaf("127.0.0.1", now.AddDate(0, -3, 0), now.Add(-time.Hour))
	c := secureCloud(t, cert)
	g := secureGate(t, c, a.pool(), -60*24*time.Hour)
	g.state.Clock().Observe(now, 0)
	g.run()
	g.until("it is refused, and why", func() bool {
		l := g.link.Link()
		return l.Cause == uplink.Certificate && strings.Contains(l.Why, "ended on") && strings.Contains(l.Why, "renew")
	})
}
