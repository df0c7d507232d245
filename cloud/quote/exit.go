// Package quote holds the commands `cloud quote`, which prices a stay by a
// tariff file, and `cloud vietqr`, which writes and reads VietQR codes. They
// need no database and no network.
package quote

import (
	"fmt"

	"gatehouse/parking"
)

// Exit codes of the commands.
const (
	exitFailed  = 1 // the machine refused: a file could not be written
	exitInvalid = 2 // what was asked for makes no sense
)

// ExitError is a failure of a command: a sentence for the person who typed
// it, and the exit code of the program.
type ExitError struct {
	Code    int
	Message string
	Err     error // the cause, may be nil
}

// Error returns the sentence.
func (e *ExitError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// ExitCode is what the program ends with; kong asks for it.
func (e *ExitError) ExitCode() int { return e.Code }

func invalid(format string, args ...any) error {
	return &ExitError{Code: exitInvalid, Message: fmt.Sprintf(format, args...)}
}

// refused makes an exit of what the domain refused.
func refused(err error) error {
	return &ExitError{Code: exitInvalid, Message: parking.ErrorMessage(err), Err: err}
}
