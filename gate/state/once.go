package state

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
)

// StayOfFact says whether this gate wrote the fact with this id, as far as it
// keeps them, and about which stay: so a request that comes twice is known.
func (s *State) StayOfFact(ctx context.Context, id uuid.UUID) (stay uuid.UUID, found bool, err error) {
	text, err := s.store.Read().StayOfFact(ctx, id.String())
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return uuid.Nil, false, nil
	case err != nil:
		return uuid.Nil, false, s.diskError("look for a fact", err)
	case text == nil:
		return uuid.Nil, true, nil
	}
	stay, err = uuid.Parse(*text)
	return stay, true, err
}
