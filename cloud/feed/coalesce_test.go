package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

func entryOf(t interface{ Fatal(...any) }, d wire.Delta) frame {
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return frame{seq: d.FeedSeq, text: frameOf(text)}
}

func deltasOf(t interface{ Fatal(...any) }, f frame) []wire.Delta {
	var m wire.Message
	if err := json.Unmarshal(f.text, &m); err != nil {
		t.Fatal(err)
	}
	return m.Deltas
}

// TestCoalescedIsTheNewestOfEverything: a range holds of each stay, slot and
// conflict what the entries say last, of each run the highest that is covered,
// and the last configuration.
func TestCoalescedIsTheNewestOfEverything(t *testing.T) {
	t.Parallel()
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	rapid.Check(t, func(rt *rapid.T) {
		var entries []frame
		stays, slots, conflicts, covers := map[string]string{}, map[string]string{}, map[string]string{}, map[string]int64{}
		config := ""
		for i := range rapid.IntRange(1, 20).Draw(rt, "entries") {
			d := wire.Delta{FeedSeq: int64(i) + 5}
			for range rapid.IntRange(0, 2).Draw(rt, "things") {
				mark := fmt.Sprint(i, len(d.Stays))
				switch rapid.IntRange(0, 4).Draw(rt, "kind") {
				case 0:
					s := parking.Stay{ID: rapid.SampledFrom(ids).Draw(rt, "stay"), Display: mark}
					d.Stays = append(d.Stays, s)
					stays[s.ID.String()] = mark
				case 1:
					s := parking.Slot{Code: rapid.SampledFrom([]string{"A1", "A2"}).Draw(rt, "slot"), Zone: mark}
					d.Slots = append(d.Slots, s)
					slots[s.Code] = mark
				case 2:
					c := wire.Conflict{ID: rapid.SampledFrom([]string{"aa", "bb"}).Draw(rt, "conflict"), State: mark}
					d.Conflicts = append(d.Conflicts, c)
					conflicts[c.ID] = mark
				case 3:
					c := wire.Covered{Gate: rapid.SampledFrom([]string{"N", "S"}).Draw(rt, "gate"), Epoch: "000001-0000000000000000", Seq: int64(i) + 1}
					d.Covers = append(d.Covers, c)
					covers[c.Gate] = c.Seq
				default:
					d.Config = &wire.SiteConfig{Name: mark}
					config = mark
				}
			}
			entries = append(entries, entryOf(rt, d))
		}
		out, err := coalesce(entries)
		if err != nil || len(out) != 1 {
			rt.Fatal(len(out), err)
		}
		deltas := deltasOf(rt, out[0])
		if len(deltas) != 1 || deltas[0].First() != 5 || deltas[0].FeedSeq != entries[len(entries)-1].seq || out[0].seq != deltas[0].FeedSeq {
			rt.Fatalf("%s", out[0].text)
		}
		d := deltas[0]
		got := []any{map[string]string{}, map[string]string{}, map[string]string{}, map[string]int64{}}
		for _, s := range d.Stays {
			got[0].(map[string]string)[s.ID.String()] = s.Display
		}
		for _, s := range d.Slots {
			got[1].(map[string]string)[s.Code] = s.Zone
		}
		for _, c := range d.Conflicts {
			got[2].(map[string]string)[c.ID] = c.State
		}
		for _, c := range d.Covers {
			got[3].(map[string]int64)[c.Gate] = c.Seq
		}
		if diff := cmp.Diff([]any{stays, slots, conflicts, covers}, got); diff != "" {
			rt.Fatal(diff)
		}
		if len(d.Stays) != len(stays) || len(d.Slots) != len(slots) || (d.Config == nil) != (config == "") || d.Config != nil && d.Config.Name != config {
			rt.Fatalf("%s", out[0].text)
		}
	})
}

// What another version wrote passes through; what does not fit into one message
// becomes several that tile; a hole is found.
func TestCoalesceKeepsSplitsAndFindsHoles(t *testing.T) {
	t.Parallel()
	later := frame{seq: 1, text: frameOf([]byte(`{"feed_seq":1,"stays":[{"id":"a","new":"field"}]}`))}
	out, err := coalesce([]frame{later, entryOf(t, wire.Delta{FeedSeq: 2})})
	if err != nil || len(out) != 1 || !strings.Contains(string(out[0].text), `"new":"field"`) {
		t.Fatalf("%s %v", out[0].text, err)
	}
	var entries []frame
	for i := range 40 {
		stay := parking.Stay{ID: uuid.New(), Display: strings.Repeat("x", 100<<10)}
		entries = append(entries, entryOf(t, wire.Delta{FeedSeq: int64(i) + 1, Stays: []parking.Stay{stay}}))
	}
	if out, err = coalesce(entries); err != nil || len(out) < 3 {
		t.Fatal(len(out), err)
	}
	next := int64(1)
	for _, f := range out {
		d := deltasOf(t, f)[0]
		if d.First() != next || len(f.text) > wire.MaxMessageBytes/2 {
			t.Fatalf("%d to %d in %d bytes, want from %d", d.First(), d.FeedSeq, len(f.text), next)
		}
		next = d.FeedSeq + 1
	}
	if next != 41 {
		t.Fatal(next)
	}
	for _, at := range []int{1, 20, 38} { // within a message and between two
		if _, err := coalesce(slices.Delete(slices.Clone(entries), at, at+1)); !errors.Is(err, errHole) {
			t.Errorf("without entry %d: %v", at+1, err)
		}
	}
}

// Memory is bounded by count and by bytes, has no hole, and says when it does
// not reach back.
func TestRingIsBounded(t *testing.T) {
	t.Parallel()
	var r ring
	if _, ok := r.after(0, 10); ok {
		t.Fatal("an empty ring reaches nowhere")
	}
	for i := int64(1); i <= 3*ringLength; i++ {
		r.push(frame{seq: i, text: []byte("x")})
	}
	if len(r.frames) != ringLength || r.bytes != ringLength {
		t.Fatal(len(r.frames), r.bytes)
	}
	oldest := int64(2*ringLength + 1)
	if _, ok := r.after(oldest-2, 10); ok {
		t.Fatal("reaches back too far")
	}
	if f, ok := r.after(oldest-1, 10); !ok || len(f) != 10 || f[0].seq != oldest {
		t.Fatal(f, ok)
	}
	if f, ok := r.after(3*ringLength, 10); !ok || len(f) != 0 {
		t.Fatal(f, ok)
	}
	big := make([]byte, ringBytes/2+1)
	for i := int64(1); i <= 3; i++ {
		r.push(frame{seq: 3*ringLength + i, text: big})
	}
	if len(r.frames) != 1 || r.bytes != len(big) {
		t.Fatalf("%d frames of %d bytes are kept", len(r.frames), r.bytes)
	}
}
