package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"gatehouse/parking"
)

// errDatabaseAway is what a caller is told while Postgres is away.
var errDatabaseAway = parking.Errorf(parking.Unavailable, "The database does not answer. Try again in a moment.")

// DatabaseAway says whether err is that the database could not be reached or
// broke off, and no defect of ours: a caller may try again.
func DatabaseAway(err error) bool {
	if errors.Is(err, errDatabaseAway) {
		return true
	}
	var refusal *parking.Error
	if err == nil || errors.As(err, &refusal) {
		return false
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	var answer *pgconn.PgError
	switch {
	case errors.As(err, &connect), errors.As(err, &network):
		return true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	case errors.As(err, &answer):
		return stopping(answer.Code)
	}
	return false
}

// stopping says whether Postgres answers with this SQLSTATE because it stops,
// starts, has no room or lost its connection: class 08 (connection exceptions),
// 57P01 to 57P03 (shutdown, crash, not yet up) and 53300 (too many connections).
func stopping(sqlstate string) bool {
	return strings.HasPrefix(sqlstate, "08") || slices.Contains([]string{"57P01", "57P02", "57P03", "53300"}, sqlstate)
}

// Told is err as it is answered: the same, but that a database that is away is
// Unavailable with a sentence. The cause stays in the chain, for the log. Both
// the problem documents and the pages ask it.
func Told(err error) error {
	if !DatabaseAway(err) || errors.Is(err, errDatabaseAway) {
		return err
	}
	return fmt.Errorf("%w: %w", errDatabaseAway, err)
}
