package camera

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"

	"gatehouse/parking"
)

// reason is why a camera is away, in a sentence for the guard. What is a sentence
// already stays.
func reason(err error) error {
	var known *parking.Error
	var name *net.DNSError
	var timeout net.Error
	say := func(text string) error { return parking.Errorf(parking.Unavailable, "%s", text) }
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &name) && !name.IsTimeout:
		return say("The camera's name is not known on this network.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return say("The camera refuses the connection.")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return say("There is no way to the camera on this network.")
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, new(x509.UnknownAuthorityError)):
		return say("The camera's certificate cannot be verified.")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return say("The camera does not answer.")
	}
	return say("The connection to the camera was lost.")
}
