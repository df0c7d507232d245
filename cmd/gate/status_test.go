package main

import (
	"strings"
	"testing"
	"time"

	"gatehouse/gate/lane"
)

func TestStatusNamesNeighbours(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	since := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	writeNeighbours(&out, []lane.Neighbour{
		{Gate: "E", Heard: true, Since: since, Address: "10.0.0.2:7071", Behind: 3},
		{Gate: "S", Heard: true, Since: since, Ahead: 12},
		{Gate: "W", Since: since},
		{Gate: "X"},
	})
	want := `near    2 of 4 neighbours heard
        E heard since 2026-11-22T08:00:00Z at 10.0.0.2:7071, lacks 3 facts, has 0 more
        S heard since 2026-11-22T08:00:00Z at its own call, lacks 0 facts, has 12 more
        W not heard since 2026-11-22T08:00:00Z
        X not heard since never
`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if writeNeighbours(&out, nil); out.Len() != 0 {
		t.Errorf("a gate without neighbours says %q", out.String())
	}
}
