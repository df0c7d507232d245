package lane_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Under another database of the cloud what was known stays good until the last
// page of the new one is here, and then what that does not have is gone. A page
// that was asked for before that changes nothing.
func TestListsOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	b.Lists(passOf(b, "OLD", 5, 1, "30A12345"))
	old := b.State.Site().Lists.Mark()
	page := func(incarnation uuid.UUID, seq int64, more bool, code string) wire.Lists {
		body, err := json.Marshal(passOf(b, code, 5, 1, "30A99999"))
		if err != nil {
			t.Fatal(err)
		}
		mark := wire.ListMark{Epoch: "000002-0000000000000002", Seq: seq}
		return wire.Lists{Incarnation: incarnation, Next: mark, More: more, Versions: []wire.ListVersion{{ListMark: mark, Kind: parking.KindPass, At: b.Config.Now(), Body: body}}}
	}
	another := uuid.New()
	b.State.TellLists(another, &wire.ListMark{Epoch: "000002-0000000000000002", Seq: 2})
	after, behind := b.State.ListsBehind()
	if !behind || after != (wire.ListMark{}) {
		t.Fatalf("asks after %v, %v", after, behind)
	}
	apply := func(after wire.ListMark, p wire.Lists) {
		t.Helper()
		if err := b.State.ApplyLists(t.Context(), after, p); err != nil {
			t.Fatal(err)
		}
	}
	has := func(want ...string) {
		t.Helper()
		for _, code := range []string{"OLD", "NEW1", "NEW2"} {
			found := len(b.State.Site().Lists.Pass(code)) > 0
			wanted := false
			for _, w := range want {
				wanted = wanted || w == code
			}
			if found != wanted {
				t.Fatalf("%s is known: %v", code, found)
			}
		}
	}
	apply(wire.ListMark{}, page(another, 1, true, "NEW1"))
	has("OLD", "NEW1")
	b.Restart() // in between
	b.State.TellLists(another, &wire.ListMark{Epoch: "000002-0000000000000002", Seq: 2})
	after, behind = b.State.ListsBehind()
	if !behind || after.Seq != 1 || b.State.Site().Lists.Whole {
		t.Fatalf("goes on after %v, %v", after, behind)
	}
	apply(old, page(another, 9, false, "NEW2")) // asked for before
	has("OLD", "NEW1")
	apply(after, page(another, 2, false, "NEW2"))
	has("NEW1", "NEW2")
	if _, behind = b.State.ListsBehind(); behind || !b.State.Site().Lists.Whole {
		t.Error("it asks for more")
	}
}

// The program of before has passed over what it did not know: after the migration
// that brought messages the lists are read from their begin once more, and what is
// here is good meanwhile.
func TestListsAreReadOnceMore(t *testing.T) {
	t.Parallel()
	b := quiet(t)
	b.Lists(passOf(b, "P-1", 5, 1, "30A12345"))
	site := b.State.Site()
	if err := b.Store.SetSetting(t.Context(), "lists_mark", site.Incarnation.String()+" "); err != nil { // as it leaves it
		t.Fatal(err)
	}
	b.Restart()
	head := wire.ListMark{Epoch: "000001-0000000000000001", Seq: 1}
	b.State.TellLists(site.Incarnation, &head)
	after, behind := b.State.ListsBehind()
	if l := b.State.Site().Lists; !behind || after != (wire.ListMark{}) || !l.Whole || len(l.Pass("P-1")) == 0 {
		t.Fatalf("asks after %v, %v; whole %v", after, behind, l.Whole)
	}
	b.Lists(messageTo("the gate closes at ten"))
	if _, behind := b.State.ListsBehind(); behind || texts(b.Desk.View()) != "the gate closes at ten" || len(b.State.Site().Lists.Pass("P-1")) == 0 {
		t.Error("it is not read")
	}
}
