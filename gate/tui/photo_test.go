package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// pictured gives the stays of a view's second lane photos of their entry.
func pictured(v lane.View) lane.View {
	return editSubject(v, 1, func(s *lane.Subject) {
		s.Matches = append([]lane.Match(nil), s.Matches...)
		for i := range s.Matches {
			name := string(rune('a' + i))
			s.Matches[i].Stay.InPhotos = []parking.PhotoRef{
				{Role: "overview", SHA256: "o", Thumb: "overview" + name},
				{Role: "plate", SHA256: "p", Thumb: "plate" + name},
				{Role: "face", SHA256: "f", Thumb: "face" + name},
			}
		}
	})
}

func entryPhotos() map[string][]byte {
	return map[string][]byte{"platea": plateJPEG(160, 120), "facea": flatJPEG(90), "plateb": plateJPEG(120, 160)}
}

// Photos of the entry stand beside what the camera at the exit sees: plate and face
// of the stay that it is, or one of each of those that it may be, with the key that
// picks it. What is not held here leaves its place empty; a locked console, and one
// whose pictures are off, shows none.
func TestPhotosOfTheEntryStandBesideTheCamera(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		view  lane.View
		w, h  int
		shots []string
		text  []string
	}{
		{"certain", pictured(matchedOut(idleView())), 120, 40, []string{"platea", "facea"}, []string{"in 09:14"}},
		{"narrow", pictured(matchedOut(idleView())), 80, 24, []string{"platea", "facea"}, []string{"in 09:14"}},
		{"to pick", pictured(manyOut(idleView())), 120, 40, []string{"platea", "plateb"}, []string{"5 29-B1", "6 29-B1"}},
		{"without", matchedOut(idleView()), 120, 40, nil, nil},
		{"leads in", pictured(matchedOut(offeredIn(idleView()))), 120, 40, []string{"platea", "facea"}, nil},
	} {
		m, d, clock := console(c.view, c.w, c.h, func(o *Options) { o.Language = "en" })
		d.photos = entryPhotos()
		run(m, m.wantPhotos())
		frame := m.frame()
		checkSize(t, frame, c.w, c.h)
		_, beside := m.pictureParts(m.pane(1), m.layout().lanes[1])
		var got []string
		for _, s := range beside {
			got = append(got, s.sha)
			if len(m.shots.rows[m.photoKey(s)]) == 0 {
				t.Errorf("%s: %s is not decoded", c.name, s.sha)
			}
		}
		if strings.Join(got, " ") != strings.Join(c.shots, " ") {
			t.Errorf("%s: photos %v, want %v", c.name, got, c.shots)
		}
		for _, text := range c.text {
			if !strings.Contains(ansi.Strip(frame), text) {
				t.Errorf("%s: %q is not on the screen:\n%s", c.name, text, ansi.Strip(frame))
			}
		}
		if m.wantPhotos() != nil {
			t.Errorf("%s: a photo is asked for twice", c.name)
		}
		press(m, clock, "p")
		if strings.Count(ansi.Strip(m.frame()), "in 09:14") > 1 { // the match says it, too
			t.Errorf("%s: pictures are off and photos are not", c.name)
		}
	}
	locked := pictured(matchedOut(idleView()))
	locked.Locked = true
	m, d, _ := console(locked, 120, 40)
	d.photos = entryPhotos()
	if cmd := m.wantPhotos(); cmd != nil {
		t.Error("a locked console asks for photos")
	}
}

// The face of who is in front of a lane stands beside the lane's picture of the
// plate, and beside the face of who came in where there is room for all.
func TestTheFaceOfWhoIsThere(t *testing.T) {
	t.Parallel()
	face := []parking.PhotoRef{{Role: "plate", Thumb: "platea"}, {Role: "face", Thumb: "facea"}}
	with := func(v lane.View, side int) lane.View {
		return editSubject(v, side, func(s *lane.Subject) { s.Photos = face })
	}
	locked := with(offeredIn(idleView()), 0)
	locked.Locked = true
	for _, c := range []struct {
		name string
		view lane.View
		w    int
		side int
		want string
	}{
		{"in", with(offeredIn(idleView()), 0), 80, 0, "facea"},
		{"in, locked", locked, 80, 0, ""},
		{"in, no camera for it", offeredIn(idleView()), 80, 0, ""},
		{"out, room for all", with(pictured(matchedOut(idleView())), 1), 160, 1, "facea platea facea"},
		{"out, narrow", with(pictured(matchedOut(idleView())), 1), 80, 1, "platea facea"},
		{"out, nobody known", with(unknown(idleView()), 1), 80, 1, "facea"},
	} {
		m, d, _ := console(c.view, c.w, 40)
		d.photos = entryPhotos()
		_, beside := m.pictureParts(m.pane(c.side), m.layout().lanes[c.side])
		var got []string
		for _, s := range beside {
			got = append(got, s.sha)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: photos %v, want %s", c.name, got, c.want)
		}
		run(m, m.wantPhotos())
		checkSize(t, m.frame(), c.w, 40)
	}
}

// What the camera for faces sees stands beside the lane's picture as it comes, whether
// or not anybody is there; a locked console does not show it.
func TestTheFaceIsLive(t *testing.T) {
	t.Parallel()
	v := idleView()
	v.Lanes[0].Picture, v.Lanes[0].PictureN = plateJPEG(160, 120), 1
	v.Lanes[0].Face, v.Lanes[0].FaceN = flatJPEG(90), 1
	m, _, _ := console(v, 80, 24)
	shown := func() []string {
		run(m, m.wantPictures())
		checkSize(t, m.frame(), 80, 24)
		return m.lane("1").face.rows
	}
	first := shown()
	if len(first) == 0 || !strings.Contains(ansi.Strip(m.frame()), m.t("photo.face")) || m.wantPhotos() != nil {
		t.Fatalf("no face:\n%s", ansi.Strip(m.frame()))
	}
	if face := m.lane("1").face.have; face.w+m.lane("1").pic.have.w > 36 || m.lane("1").pic.rows == nil {
		t.Errorf("beside each other: %+v, %+v", face, m.lane("1").pic.have)
	}
	next := v
	next.Lanes = slices.Clone(v.Lanes)
	next.Lanes[0].Face, next.Lanes[0].FaceN = flatJPEG(200), 2
	m.view = &next
	if second := shown(); slices.Equal(first, second) {
		t.Error("the newest one is not shown")
	}
	next.Locked = true
	if _, beside := m.pictureParts(m.pane(0), m.layout().lanes[0]); len(beside) != 0 {
		t.Errorf("locked: %+v", beside)
	}
}

// A stay's details have its photos beside, from the search and from the map.
func TestDetailsShowPhotos(t *testing.T) {
	t.Parallel()
	v := pictured(matchedOut(idleView()))
	stay := v.Lanes[1].Subject.Matches[0].Stay
	for name, keys := range map[string][]string{"search": {"/", "enter"}, "map": {"g", "enter"}} {
		view := idleView()
		if name == "map" {
			stay.Slot = newMap(func() *model { m, _, _ := console(view, 120, 40); return m }()).(*siteMap).at
		}
		m, d, clock := console(view, 120, 40, func(o *Options) { o.Language = "en" })
		d.photos, d.stays = entryPhotos(), []parking.Stay{stay}
		press(m, clock, keys...)
		run(m, m.wantPhotos())
		frame := ansi.Strip(m.frame())
		checkSize(t, m.frame(), 120, 40)
		for _, want := range []string{"29-B1 456.78", "in · plate", "in · face", "▀▀▀"} {
			if !strings.Contains(frame, want) {
				t.Errorf("%s: %q is not on the screen:\n%s", name, want, frame)
			}
		}
	}
}

// A photo that is not here yet is asked for again, but not at once: each answer
// would ask for the next.
func TestAPhotoThatComesLater(t *testing.T) {
	t.Parallel()
	m, d, clock := console(pictured(matchedOut(idleView())), 120, 40)
	d.photos = map[string][]byte{}
	run(m, m.wantPhotos())
	if m.wantPhotos() != nil {
		t.Fatal("it is asked for again at once")
	}
	d.photos = entryPhotos()
	clock.pass(askAgain)
	run(m, m.wantPhotos())
	_, beside := m.pictureParts(m.pane(1), m.layout().lanes[1])
	for _, s := range beside {
		if len(m.shots.rows[m.photoKey(s)]) == 0 {
			t.Errorf("%s has come and is not shown", s.sha)
		}
	}
	if len(beside) == 0 || m.wantPhotos() != nil {
		t.Errorf("%d photos; asked for again: %v", len(beside), m.wantPhotos() != nil)
	}
}

// However many vehicles pass, a few photos stay decoded.
func TestFewPhotosAreKept(t *testing.T) {
	t.Parallel()
	m, d, _ := console(pictured(matchedOut(idleView())), 120, 40)
	d.photos = map[string][]byte{}
	for i := range 100 {
		sha := strings.Repeat("x", i+1)
		d.photos[sha] = flatJPEG(50)
		m.view = func() *lane.View {
			v := editSubject(*m.view, 1, func(s *lane.Subject) {
				s.Matches = append([]lane.Match(nil), s.Matches...)
				s.Matches[0].Stay.InPhotos = []parking.PhotoRef{{Role: "plate", Thumb: sha}}
			})
			return &v
		}()
		run(m, m.wantPhotos())
	}
	if len(m.shots.keys) > keptShots || len(m.shots.rows) > keptShots {
		t.Errorf("%d photos asked for, %d kept", len(m.shots.keys), len(m.shots.rows))
	}
	m.takePhoto(photoMsg{key: photoKey{sha: "late"}})
	if _, has := m.shots.rows[photoKey{sha: "late"}]; has {
		t.Error("a photo that nobody waits for any more is kept")
	}
}
