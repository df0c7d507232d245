package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Trust is by which time certificates are judged.
type Trust struct {
	Now time.Time
	// Sure says that Now is the cloud's own time. Else Now is this gate's guess,
	// and only Floor is sure: it has passed.
	Sure  bool
	Floor time.Time
}

// certError is a certificate that was refused.
type certError struct {
	why string
	err error
}

func (e *certError) Error() string { return e.why }

// Unwrap is what the verification said.
func (e *certError) Unwrap() error { return e.err }

// inspector judges the certificates of the cloud. It is strict in chain and
// name always, and in dates while the time is known. A gate that only guesses
// the time takes a certificate that is good at some time that may be now: else
// a dead clock would keep it from ever hearing the right time.
type inspector struct {
	host  string // to which the client connects
	roots *x509.CertPool
	trust func() Trust

	mu    sync.Mutex
	doubt bool                // the last certificate was taken although its dates do not fit our clock
	guess bool                // it was judged by a guess of the time
	chain []*x509.Certificate // of the last connection
	name  string
}

// config is for connections that the inspector judges.
func (i *inspector) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		//nolint:gosec // VerifyConnection verifies chain and name, always; the standard way cannot tell dates apart
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			// The name that was asked for; of an address none is sent.
			name := s.ServerName
			if name == "" {
				name = i.host
			}
			return i.judge(s.PeerCertificates, name, i.trust())
		},
	}
}

func (i *inspector) judge(chain []*x509.Certificate, name string, t Trust) error {
	if len(chain) == 0 {
		return &certError{why: "The cloud shows no certificate."}
	}
	err := i.verify(chain, name, t.Now)
	doubt := false
	if err != nil && !t.Sure && isDate(err) {
		doubt = i.goodLater(chain, name, t.Floor)
	}
	if isDate(err) && !doubt {
		// Dates are looked at first; what is wrong at any time says more.
		middle := chain[0].NotBefore.Add(chain[0].NotAfter.Sub(chain[0].NotBefore) / 2)
		if always := i.verify(chain, name, middle); always != nil && !isDate(always) {
			err = always
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.doubt, i.guess, i.chain, i.name = doubt, !t.Sure, chain, name
	if err == nil || doubt {
		return nil
	}
	return refusedCertificate(err, name, chain[0], t)
}

// verify checks chain, name and dates at one moment.
func (i *inspector) verify(chain []*x509.Certificate, name string, at time.Time) error {
	o := x509.VerifyOptions{DNSName: name, Roots: i.roots, Intermediates: x509.NewCertPool(), CurrentTime: at}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	return err
}

// goodLater says whether the certificate is good at some moment that is not
// before floor. If there is such a moment, one of those at which a certificate
// of the chain begins, or floor itself, is one.
func (i *inspector) goodLater(chain []*x509.Certificate, name string, floor time.Time) bool {
	moments := []time.Time{floor}
	for _, c := range chain {
		moments = append(moments, c.NotBefore)
	}
	for _, at := range moments {
		if !at.Before(floor) && i.verify(chain, name, at) == nil {
			return true
		}
	}
	return false
}

// doubted says whether the last certificate was taken although its dates do
// not fit this gate's guess of the time. One that was judged by a guess is
// judged again by the time that the cloud has told.
func (i *inspector) doubted(told time.Time) (doubt bool, err error) {
	i.mu.Lock()
	doubt, guess, chain, name := i.doubt, i.guess, i.chain, i.name
	i.mu.Unlock()
	if !guess || len(chain) == 0 {
		return false, nil
	}
	if err := i.verify(chain, name, told); err != nil {
		return doubt, refusedCertificate(err, name, chain[0], Trust{Now: told, Sure: true})
	}
	return doubt, nil
}

func isDate(err error) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.Expired
}

// refusedCertificate says in a sentence what is wrong with a certificate.
func refusedCertificate(err error, name string, leaf *x509.Certificate, t Trust) error {
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	day := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
	why := "The certificate of the cloud is not good: something may stand between this gate and the cloud. Ask whoever runs this network, or the administrator."
	switch {
	case isDate(err) && t.Now.After(leaf.NotAfter):
		why = fmt.Sprintf("The certificate of the cloud ended on %s. The administrator must renew it.", day(leaf.NotAfter))
	case isDate(err) && t.Now.Before(leaf.NotBefore):
		why = fmt.Sprintf("The certificate of the cloud begins only on %s. The administrator must see to it.", day(leaf.NotBefore))
	case isDate(err):
		why = "A certificate above the cloud's has ended. The administrator must renew it."
	case errors.As(err, &host):
		why = fmt.Sprintf("What answers as %s has the certificate of another name: a login page or a wrong address is in the way.", name)
	case errors.As(err, &unknown):
		why = fmt.Sprintf("What answers as %s has a certificate that nobody known has signed: a login page, or something that reads along, is in the way.", name)
	}
	return &certError{why: why, err: err}
}
