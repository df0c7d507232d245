package tui

import (
	"fmt"
	"strings"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/internal/look"
	"gatehouse/internal/words"
)

// linkRole is the role of a state of the link, and its mark.
func linkRole(s lane.LinkState) (look.Role, string) {
	switch s {
	case lane.Online:
		return look.Free, "●"
	case lane.Degraded:
		return look.Reserved, "◐"
	}
	return look.Trouble, "!"
}

// banner is the two lines on top: where we are, who is here, and whether the
// cloud is.
func (m *model) banner(w int) []string {
	v := m.view
	name := v.Gate.Name
	if name == "" {
		name = v.Gate.Code
	}
	left := " " + m.th.strong(look.Text, strings.ToUpper(cut(clean(name), w/4))) + "  " + clean(v.SiteName)
	role, mark := linkRole(v.Link.State)
	state := m.th.strong(role, mark) + " "
	if v.Link.State == lane.Offline {
		state += m.th.strong(look.Text, words.T(m.lang, "link.offline"))
	} else {
		state += m.th.role(role, clean(words.T(m.lang, "link."+string(v.Link.State))))
		state += fmt.Sprintf("  %d ms %s", v.Link.RTT.Milliseconds(), m.th.role(look.Quiet, sparkline(v.Link.RTTs, min(20, w/16))))
	}
	right := state + "  " + m.local(m.now()).Format("15:04") + " "
	if v.Guard != nil {
		who := clean(v.Guard.Display)
		if who == "" {
			who = clean(v.Guard.Name)
		}
		rest := w - width(left) - width(right) - 2
		if shift := m.shiftText(); shift != "" { // since when is worth more than the end of a name
			who = cut(who, min(w/5, rest-width(shift)-5)) + " · " + shift
		} else {
			who = cut(who, w/5) + " · " + clean(words.T(m.lang, "role."+v.Guard.Role))
		}
		if rest > 8 {
			left += "  " + strings.Repeat(" ", max(0, (rest-width(who))/2)) + cut(who, rest-2)
		}
	}
	return []string{ends(left, right, w), m.bannerSecond(w)}
}

// bannerSecond says what waits and what is wrong. Cut off from the cloud it
// says since when and what still works: everything at the lanes does.
func (m *model) bannerSecond(w int) string {
	v := m.view
	var wrong []string
	if v.Locked {
		wrong = append(wrong, m.th.strong(look.Reserved, m.t("banner.locked")))
	}
	if v.Conflicts > 0 {
		wrong = append(wrong, m.th.mark(look.Trouble)+" "+m.t("banner.conflicts", v.Conflicts)+m.withKeys(" ({conflicts})", false))
	}
	if v.Unplaced > 0 {
		wrong = append(wrong, m.th.mark(look.Unplaced)+" "+m.t("banner.unplaced", v.Unplaced))
	}
	if waiting := m.bannerMessages(); waiting != "" {
		wrong = append(wrong, m.th.mark(look.Mine)+" "+waiting)
	}
	for _, t := range v.Troubles {
		wrong = append(wrong, m.th.mark(look.Trouble)+" "+m.troubleName(t)+m.withKeys(" ({troubles})", false))
	}
	if v.AsksTime {
		wrong = append(wrong, m.th.mark(look.Trouble)+" "+m.t("banner.time"))
	}
	if !v.Disk.OK {
		wrong = append(wrong, m.th.mark(look.Trouble)+" "+m.t("banner.disk"))
	}
	if !v.Vision.OK {
		wrong = append(wrong, m.th.mark(look.Reserved)+" "+m.t("banner.vision"))
	}
	left := " " + strings.Join(wrong, " · ")
	near := ""
	if heard, all := lane.HeardOf(v.Neighbours); all > 0 {
		near = m.t("banner.neighbours", heard, all) + " · "
	}
	var right string
	switch v.Link.State {
	case lane.Offline:
		since := m.t("banner.never")
		if !v.Link.Since.IsZero() {
			since = m.t("banner.since", m.local(v.Link.Since).Format("15:04"))
		}
		if key := "banner.cause." + v.Link.Cause; words.Has("console." + key) {
			since += " · " + m.t(key)
		}
		right = since + " · " + m.t("banner.works") + " · " + m.t("banner.waiting", v.Link.Queue)
	default:
		right = m.t("banner.queue", v.Link.Queue) + " · " + m.syncAge()
		if v.Link.State == lane.Degraded && !v.Link.Redis {
			right = m.t("banner.no_redis") + " · " + right
		}
	}
	return ends(left, m.th.role(look.Quiet, near+right)+" ", w)
}

// syncAge is how long ago the gate last heard the cloud's state.
func (m *model) syncAge() string {
	if m.view.Link.LastSync.IsZero() {
		return m.t("banner.no_sync")
	}
	age := max(0, m.now().Sub(m.view.Link.LastSync))
	if age < time.Minute {
		return m.t("banner.sync_s", int(age/time.Second))
	}
	return m.t("banner.sync", words.Duration(m.lang, age))
}

// sparkline draws the last n round trips; the scale ends at the largest, and
// at 40 ms at least, so that a quiet line looks quiet.
func sparkline(ms []int, n int) string {
	if len(ms) > n {
		ms = ms[len(ms)-n:]
	}
	const longest = 60_000 // a round trip of a minute is as long as any other
	top := 40
	for _, v := range ms {
		top = max(top, min(v, longest))
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	out := make([]rune, len(ms))
	for i, v := range ms {
		out[i] = bars[min(len(bars)-1, min(max(0, v), longest)*len(bars)/(top+1))]
	}
	return string(out)
}
