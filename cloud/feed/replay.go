package feed

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"gatehouse/cloud/store/cloudsql"
)

// errSlow ends a socket that did not keep up with what is kept in memory.
var errSlow = errors.New("the gate is too slow")

// errLarge says that an entry does not fit into a message: store.Append has
// trimmed the feed up to it, so that the gate is told to take a snapshot when
// it comes back.
var errLarge = errors.New("an entry of the feed is larger than a message")

// next returns what a socket that has everything up to after is sent now, from
// memory; nothing when it has everything. A socket that is far behind gets
// what it misses coalesced, if it takes that. errSlow: memory does not reach
// back that far.
func (s *site) next(k *socket, after int64) ([]frame, error) {
	s.mu.Lock()
	if s.incarnation != k.incarnation {
		s.mu.Unlock()
		return nil, errAnother
	}
	behind := s.head - after
	if behind <= 0 {
		s.mu.Unlock()
		return nil, nil
	}
	if k.ranges && behind > coalesceOver {
		if made, ok := s.bundles.frames[after]; ok {
			s.mu.Unlock()
			return made, nil
		}
	}
	most := framesAtOnce
	if k.ranges && behind > coalesceOver {
		most = ringLength
	}
	kept, ok := s.ring.after(after, most)
	entries := slices.Clone(kept)
	s.mu.Unlock()
	switch {
	case !ok:
		return nil, errSlow
	case most == ringLength:
		return s.bundle(k, after, func() ([]frame, error) { return entries, nil })
	}
	return entries, nil
}

// older is next for a socket that comes back and for which memory does not
// reach far enough: from Postgres.
func (s *site) older(k *socket, after int64) ([]frame, error) {
	read := func() ([]frame, error) { return s.read(k, after) }
	if !k.ranges {
		return read()
	}
	return s.bundle(k, after, read)
}

// bundle coalesces what entries returns, once for all who miss the same.
func (s *site) bundle(k *socket, after int64, entries func() ([]frame, error)) ([]frame, error) {
	made, err, _ := s.flight.Do(k.incarnation.String()+strconv.FormatInt(after, 10), func() (any, error) {
		list, err := entries()
		if err != nil {
			return nil, err
		}
		frames, err := coalesce(list)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.incarnation == k.incarnation {
			s.bundles.put(after, frames)
		}
		return frames, nil
	})
	if err != nil {
		return nil, err
	}
	frames, _ := made.([]frame)
	return frames, nil
}

// read takes a page of the feed from Postgres. It is an error when it does not
// begin right after the number, because what was there has been trimmed.
func (s *site) read(k *socket, after int64) ([]frame, error) {
	rows, err := s.hub.cfg.Store.Q.FeedOf(s.hub.ctx, cloudsql.FeedOfParams{SiteID: s.id, After: after, MaxRows: backlogPage})
	if err != nil {
		return nil, fmt.Errorf("read the feed: %w", err)
	}
	s.hub.reads.Add(1)
	out := make([]frame, 0, len(rows))
	for i, row := range rows {
		switch {
		case row.Incarnation != k.incarnation:
			s.unsure.Store(true)
			s.wake()
			return nil, errAnother
		case row.FeedSeq != after+int64(i)+1:
			return nil, errHole
		}
		out = append(out, frame{seq: row.FeedSeq, text: frameOf(row.Body)})
	}
	if len(out) == 0 {
		return nil, errHole // there is a head beyond
	}
	return out, nil
}
