package parking

import (
	"errors"
	"fmt"
)

// Code says what kind of refusal an Error is; each edge (HTTP, console,
// command line) maps it to its own status.
type Code string

// The codes an Error may carry.
const (
	Invalid      Code = "invalid"      // the input cannot be understood; nothing was changed
	NotFound     Code = "not_found"    // what was named does not exist
	Conflict     Code = "conflict"     // a plan was refused: somebody else holds it
	Unauthorized Code = "unauthorized" // nobody is signed in, or the token has ended
	Forbidden    Code = "forbidden"    // signed in, but without this right
	TooLarge     Code = "too_large"    // the input is over a limit
	Unavailable  Code = "unavailable"  // something outside is away; try again
	Internal     Code = "internal"     // a defect of ours
)

// Error is a refusal with a sentence that a person can act on. Nothing else
// is ever shown to a user: an error that is not an Error is shown as Internal.
type Error struct {
	Code    Code
	Message string
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Message }

// Errorf makes an Error; the format is the sentence shown to the user.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrorCode returns the code of the first Error in err's chain, Internal for
// any other error and "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// ErrorMessage returns the sentence that a user may see for err.
func ErrorMessage(err error) string {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "Something went wrong on our side. It was written to the log."
}
