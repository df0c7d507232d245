package tui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/parking"
)

// Photos of an entry are shown beside what the camera at the exit sees, and with a
// stay's details. They are small pictures that reach every gate with their fact, so
// that they are there when the line is cut.

// shot is a photo with its place and what stands above it.
type shot struct {
	sha     string
	live    bool // no photo: what the lane's camera for faces sees
	caption string
	w, h    int // of the photo, in cells, without its caption
}

const (
	leastShot = 10 // cells that a photo must have beside another picture
	mostShots = 2  // photos of entries beside a camera's picture
	keptShots = 24 // photos that stay decoded
)

// photoKey says which photo in which size and manner.
type photoKey struct {
	sha string
	pictureKey
}

// askAgain is how long after it was not here a photo is asked for once more: that of
// an entry at another gate may be on its way.
const askAgain = 2 * time.Second

// photos are those that were asked for, the latest last; rows are nil while one is
// being decoded, and where it is not here.
type photos struct {
	keys    []photoKey
	rows    map[photoKey][]string
	numbers map[photoKey]int // those that the terminal has
	missed  map[photoKey]time.Time
}

type photoMsg struct {
	key photoKey
	drawn
}

func (m *model) photoKey(s shot) photoKey {
	return photoKey{s.sha, pictureKey{w: s.w, h: s.h, profile: m.pictureProfile(), ascii: m.th.ascii, graphics: m.graphics()}}
}

// photographer is a dialog that shows photos in w cells and h lines.
type photographer interface {
	shots(m *model, w, h int) []shot
}

// wantPhotos asks for the photos that the screen shows and has not got.
func (m *model) wantPhotos() tea.Cmd {
	if on, _ := m.showsPictures(); !on || m.tooSmall() || m.view.Locked {
		return nil
	}
	var all []shot
	a := m.layout()
	for side := range 2 {
		if lv := m.pane(side); lv != nil {
			_, of := m.pictureParts(lv, a.lanes[side])
			all = append(all, of...)
		}
	}
	if n := len(m.dialogs); n > 0 {
		if d, is := m.dialogs[n-1].(photographer); is {
			r := m.dialogRect(m.dialogs[n-1])
			all = append(all, d.shots(m, r.w, r.h)...)
		}
	}
	var cmds []tea.Cmd
	for _, s := range all {
		if s.live {
			continue
		}
		key := m.photoKey(s)
		if i := slices.Index(m.shots.keys, key); i >= 0 {
			at, missed := m.shots.missed[key]
			if !missed || m.opts.Now().Sub(at) < askAgain {
				continue
			}
			delete(m.shots.missed, key)
			m.shots.keys = slices.Delete(m.shots.keys, i, i+1)
		}
		m.shots.keys = append(m.shots.keys, key)
		if n := len(m.shots.keys) - keptShots; n > 0 {
			for _, old := range m.shots.keys[:n] {
				cmds = append(cmds, sendImage("", m.shots.numbers[old]))
				delete(m.shots.rows, old)
				delete(m.shots.numbers, old)
				delete(m.shots.missed, old)
			}
			m.shots.keys = slices.Delete(m.shots.keys, 0, n)
		}
		desk, ctx, number := m.desk, m.ctx, m.nextImage()
		cmds = append(cmds, func() tea.Msg {
			data, err := desk.Photo(ctx, key.sha)
			if err != nil {
				return photoMsg{key: key}
			}
			d, err := drawPicture(data, key.pictureKey, nil, number)
			if err != nil {
				return photoMsg{key: key}
			}
			return photoMsg{key, d}
		})
	}
	return tea.Batch(cmds...)
}

func (m *model) takePhoto(msg photoMsg) tea.Cmd {
	if !slices.Contains(m.shots.keys, msg.key) {
		return nil // too many others have come since
	}
	if m.shots.rows == nil {
		m.shots.rows, m.shots.numbers, m.shots.missed = map[photoKey][]string{}, map[photoKey]int{}, map[photoKey]time.Time{}
	}
	if msg.rows == nil {
		m.shots.missed[msg.key] = m.opts.Now()
		return nil
	}
	m.shots.rows[msg.key] = msg.rows
	if msg.number != 0 {
		m.shots.numbers[msg.key] = msg.number
	}
	return sendImage(msg.send, 0)
}

// shotLines draws a photo below its caption; st is of the lane beside whose picture
// it stands, nil for none.
func (m *model) shotLines(st *laneState, s shot) []string {
	out := []string{m.th.role(look.Quiet, cut(s.caption, s.w))}
	switch {
	case !s.live:
		out = append(out, m.shots.rows[m.photoKey(s)]...)
	case st != nil && st.face.have.w == s.w && st.face.have.h == s.h:
		out = append(out, st.face.rows...)
	}
	return block(out, s.w, s.h+1)
}

// thumbOf is the photo of one role: the small picture of it, which is at every
// gate; "" where there is none.
func thumbOf(of []parking.PhotoRef, role string) string {
	for _, p := range of {
		if p.Role == role && p.Thumb != "" {
			return p.Thumb
		}
	}
	return ""
}

// entryShots are the photos of the stay that a vehicle at the exit may be; where
// the guard has to pick, one of each of the likeliest.
func (m *model) entryShots(lv *lane.LaneView) []shot {
	s := lv.Subject
	if s == nil || lv.Lane.Direction != parking.Out || m.view.Locked || s.Stage == lane.Arrived || done(s) {
		return nil
	}
	var out []shot
	add := func(sha, caption string) {
		if sha != "" && len(out) < mostShots {
			out = append(out, shot{sha: sha, caption: caption})
		}
	}
	if match := chosen(s); match != nil {
		caption := ""
		if match.Stay.InAt != nil {
			caption = m.t("photo.in", m.shortTime(&match.Stay))
		}
		add(thumbOf(match.Stay.InPhotos, "plate"), caption)
		add(thumbOf(match.Stay.InPhotos, "face"), caption)
		return out
	}
	first := 1 + 4*max(0, m.sideOf(lv.Lane.Code))
	for i := range min(4, len(s.Matches)) {
		stay := &s.Matches[i].Stay
		sha := thumbOf(stay.InPhotos, "plate")
		if sha == "" {
			sha = thumbOf(stay.InPhotos, "face")
		}
		add(sha, fmt.Sprintf("%d %s", first+i, clean(stay.Display)))
	}
	return out
}

// faceShot is the face of who is in front of a lane, where it has a camera for it: what
// that sees now, else its photo of the arrival. The lane's own picture is of the plate.
func (m *model) faceShot(lv *lane.LaneView) []shot {
	if m.view.Locked {
		return nil
	}
	if len(lv.Face) > 0 {
		return []shot{{live: true, caption: m.t("photo.face")}}
	}
	s := lv.Subject
	if s == nil || s.Stage == lane.Arrived || done(s) {
		return nil
	}
	if sha := thumbOf(s.Photos, "face"); sha != "" {
		return []shot{{sha: sha, caption: m.t("photo.face")}}
	}
	return nil
}

// pictureParts divides a lane's picture between its camera, the face of who is there,
// and photos of the entry. Where they do not all have room, what is to be compared
// with what the camera sees comes first.
func (m *model) pictureParts(lv *lane.LaneView, r rect) (live rect, beside []shot) {
	live = m.pictureRect(r)
	if live.h < minPicture {
		return live, nil
	}
	beside = m.entryShots(lv)
	if n := len(beside) + 1; (live.w-n)/(n+1) >= leastShot {
		beside = append(m.faceShot(lv), beside...)
	}
	for len(beside) > 0 && (live.w-len(beside))/(len(beside)+1) < leastShot {
		beside = beside[:len(beside)-1]
	}
	if len(beside) == 0 {
		return live, nil
	}
	w := (live.w - len(beside)) / (len(beside) + 1)
	for i := range beside {
		beside[i].w, beside[i].h = w, live.h-1
	}
	live.w -= len(beside) * (w + 1)
	return live, beside
}

// stayShots are the photos of a stay's entry and exit in w cells and h lines.
func stayShots(m *model, s *parking.Stay, w, h int) []shot {
	if m.view.Locked {
		return nil
	}
	var out []shot
	for _, of := range []struct {
		photos []parking.PhotoRef
		key    string
	}{{s.InPhotos, "photo.entry"}, {s.OutPhotos, "photo.exit"}} {
		for _, role := range []string{"plate", "face"} {
			if sha := thumbOf(of.photos, role); sha != "" {
				out = append(out, shot{sha: sha, caption: m.t(of.key) + " · " + m.t("photo."+role)})
			}
		}
	}
	if n := max(1, w/(leastShot+2)); len(out) > n {
		out = out[:n]
	}
	for i := range out {
		out[i].w, out[i].h = (w-2)/len(out)-1, h-1
	}
	if h < minPicture+1 {
		return nil
	}
	return out
}

// besideEachOther draws photos in one row.
func (m *model) besideEachOther(all []shot) []string {
	var out []string
	for _, s := range all {
		for i, line := range m.shotLines(nil, s) {
			if i == len(out) {
				out = append(out, " ")
			}
			out[i] += line + " "
		}
	}
	return out
}

// photoWidth is the part of w cells that photos have beside words.
func photoWidth(w int) int { return w / 3 }
