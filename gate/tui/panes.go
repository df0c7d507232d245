package tui

import (
	"gatehouse/gate/lane"
	"gatehouse/parking"
)

// pairs are the lanes two by two as they are shown: an IN lane on the left
// with an OUT lane on the right as far as they go, then what is left over.
// Elements are indexes into the view's lanes; the second is -1 for none.
func (m *model) pairs() [][2]int {
	var in, out []int
	for i := range m.view.Lanes {
		if m.view.Lanes[i].Lane.Direction == parking.Out {
			out = append(out, i)
		} else {
			in = append(in, i)
		}
	}
	var pairs [][2]int
	for len(in) > 0 && len(out) > 0 {
		pairs = append(pairs, [2]int{in[0], out[0]})
		in, out = in[1:], out[1:]
	}
	for rest := append(in, out...); len(rest) > 0; {
		p := [2]int{rest[0], -1}
		rest = rest[1:]
		if len(rest) > 0 {
			p[1], rest = rest[0], rest[1:]
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// pane is one of the two lanes on the screen, nil when there is none.
func (m *model) pane(side int) *lane.LaneView {
	pairs := m.pairs()
	if m.pair >= len(pairs) || pairs[m.pair][side] < 0 {
		return nil
	}
	return &m.view.Lanes[pairs[m.pair][side]]
}

// single says whether only one lane is on the screen.
func (m *model) single() bool { return m.pane(1) == nil }

// focused is the lane that keys without a side are about: the one with the
// focus, or the other when only that has a vehicle.
func (m *model) focused() *lane.LaneView {
	here, there := m.pane(m.focus), m.pane(1-m.focus)
	if here == nil || (here.Subject == nil && there != nil && there.Subject != nil) {
		if there != nil {
			return there
		}
	}
	return here
}

// justJumped says whether keys without a side are about lv only since the
// vehicle of the lane with the focus has left: a key pressed for that one must
// not reach the other.
func (m *model) justJumped(lv *lane.LaneView) bool {
	here := m.pane(m.focus)
	if lv == nil || here == nil || here.Lane.Code == lv.Lane.Code || m.focused().Lane.Code != lv.Lane.Code {
		return false
	}
	st := m.lane(here.Lane.Code)
	return m.answers && !st.painted || m.opts.Now().Sub(st.since) < settle
}

// toward is the lane on the screen that leads dir: the focused one if it
// does, else the other.
func (m *model) toward(dir parking.Direction) *lane.LaneView {
	for _, side := range []int{m.focus, 1 - m.focus} {
		if lv := m.pane(side); lv != nil && lv.Lane.Direction == dir {
			return lv
		}
	}
	return nil
}

// sideOf is where a lane is on the screen, -1 when it is not.
func (m *model) sideOf(code string) int {
	for side := range 2 {
		if lv := m.pane(side); lv != nil && lv.Lane.Code == code {
			return side
		}
	}
	return -1
}

// byCode is a lane of the gate.
func (m *model) byCode(code string) *lane.LaneView {
	for i := range m.view.Lanes {
		if m.view.Lanes[i].Lane.Code == code {
			return &m.view.Lanes[i]
		}
	}
	return nil
}

// cycle moves the focus: left, right, then the next pair of lanes.
func (m *model) cycle() {
	if m.focus == 0 && m.pane(1) != nil {
		m.focus = 1
		return
	}
	m.focus = 0
	if n := len(m.pairs()); n > 0 {
		m.pair = (m.pair + 1) % n
	}
}

// turnTo shows another two lanes.
func (m *model) turnTo(by int) {
	if n := len(m.pairs()); n > 0 {
		m.pair, m.focus = (m.pair+by+n)%n, 0
	}
}

// done says whether nothing is left to do for a subject but to drive on.
func done(s *lane.Subject) bool {
	return s != nil && !s.Again && (s.Stage == lane.Accepted || s.Stage == lane.Opened || s.Stage == lane.HasPassed)
}

// chosen is the stay that an OUT subject is certain to be, nil otherwise.
func chosen(s *lane.Subject) *lane.Match {
	if s == nil || s.Chosen < 0 || s.Chosen >= len(s.Matches) {
		return nil
	}
	return &s.Matches[s.Chosen]
}

// candidates are the plates that a guard may pick for a subject: those of an
// unsure reading, until one was typed or picked.
func candidates(s *lane.Subject) int {
	if s == nil || !s.Check || s.Typed || done(s) {
		return 0
	}
	return min(4, len(s.Reading.Candidates))
}

// openMatches is how many stays a guard may pick from at an exit.
func openMatches(s *lane.Subject) int {
	if s == nil || done(s) || s.Stage == lane.Paying || (s.Chosen >= 0 && len(s.Matches) < 2) {
		return 0
	}
	return min(4, len(s.Matches))
}
