package lane

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"gatehouse/gate/state"
	"gatehouse/parking"
)

// Care is taken of vehicles on the block list and of cards that the site's list
// calls blocked, lost, or does not have: nobody is shut out by a list, and
// nobody goes through with one key either. A guard gives a reason, and the
// opening has an alarm.

// ListedView is what the block list says of a vehicle.
type ListedView struct {
	Blocked bool   `json:"blocked"`
	Note    string `json:"note,omitempty"`
}

// States of a card that is no good.
const (
	cardBlocked = "blocked"
	cardLost    = "lost"
	cardUnknown = "unknown" // the site keeps a list, and it is not in it
)

// cardState is what was looked up of a token, and in which list.
type cardState struct {
	token string
	of    *state.Lists
	bad   string
}

// badCard says why the card of a vehicle is no good by the site's list, "" when
// it is, or when there is no list. A ticket is no card. mu is held.
func (d *Desk) badCard(v *vehicle) string {
	lists := d.cfg.State.Site().Lists
	if v.Token == "" || v.shown != nil || !lists.Cards {
		return ""
	}
	if v.card.token == v.Token && v.card.of == lists {
		return v.card.bad
	}
	bad := ""
	switch known, err := d.cfg.State.Card(context.WithoutCancel(d.ctx), v.Token); {
	case err != nil:
		d.log.Warn("what the list says of a card could not be read", "error", err)
	case known == cardBlocked, known == cardLost:
		bad = known
	case known == "" && lists.Whole && !isTicketNumber(v.Token):
		bad = cardUnknown
	}
	v.card = cardState{v.Token, lists, bad}
	return bad
}

func isTicketNumber(token string) bool {
	_, ok := parking.ParseTicketNumber(token)
	return ok
}

// listed is what the block list says of a vehicle: of its plate, and at an exit
// of that of the stay that was chosen. mu is held.
func (d *Desk) listed(site *state.Site, v *vehicle) (parking.Plate, *parking.BlockVersion) {
	now := d.cfg.Now()
	if b := site.Lists.Listed(v.Plate, now); b != nil || v.Chosen < 0 || v.Chosen >= len(v.Matches) {
		return v.Plate, b
	}
	plate := v.Matches[v.Chosen].Stay.Plate
	return plate, site.Lists.Listed(plate, now)
}

// Sentences about what the lists say.
const (
	askBlocked = "%s is on the block list: %s. Give a reason to let it through."
	askCard    = "This card is %s by the site's list. Take another card, or give a reason."
	askUnknown = "This card is not in the site's list. Take another card, or give a reason."
)

// needsWord says what a guard has to give a reason for, "" for nothing; about
// names it, so that a reason given for one thing is none for another. At an exit
// the card alone needs none: the guard has picked by the photos. mu is held.
func (d *Desk) needsWord(site *state.Site, v *vehicle) (why, about string) {
	if plate, b := d.listed(site, v); b != nil && b.Blocked {
		why, about = fmt.Sprintf(askBlocked, plate.Display(), cmp.Or(b.Note, "–")), "plate "+string(plate)+" "+b.Note
	}
	if bad := d.badCard(v); bad != "" && v.dir == parking.In {
		about += " card " + v.Token + " " + bad
		if why == "" {
			why = cardWhy(bad)
		}
	}
	return why, about
}

func cardWhy(bad string) string {
	if bad == cardUnknown {
		return askUnknown
	}
	return fmt.Sprintf(askCard, bad)
}

// cleared refuses a vehicle that needs a word and has none. mu is held.
func (d *Desk) cleared(v *vehicle) error {
	why, about := d.needsWord(d.cfg.State.Site(), v)
	if why == "" || v.word != "" && v.wordFor == about {
		return nil
	}
	return parking.Errorf(parking.Conflict, "%s", why)
}

// checkWord bounds a reason that a program gives with its request.
func checkWord(word string) error {
	if word == "" {
		return nil
	}
	_, err := needReason(word)
	return err
}

// say takes a reason, where one is needed. mu is held.
func (d *Desk) say(v *vehicle, reason string) {
	if why, about := d.needsWord(d.cfg.State.Site(), v); why != "" && reason != "" {
		v.word, v.wordFor = reason, about
	}
}

// spoken is the reason that was given for what is against the vehicle now. mu
// is held.
func (d *Desk) spoken(v *vehicle) string {
	if why, about := d.needsWord(d.cfg.State.Site(), v); why == "" || v.wordFor != about {
		return ""
	}
	return v.word
}

// showCare puts what the lists say on what screens show. mu is held.
func (d *Desk) showCare(site *state.Site, v *vehicle, s *Subject) {
	if _, b := d.listed(site, v); b != nil {
		s.Listed = &ListedView{Blocked: b.Blocked, Note: b.Note}
	}
	s.Card = d.badCard(v)
	if v.dir == parking.In && !v.done {
		s.Pass = d.passFor(site, v.Plate, v.Class, v.Zone, d.cfg.Now(), uuid.Nil)
	}
	why, about := d.needsWord(site, v)
	if v.done {
		return
	}
	if v.word != "" && v.wordFor == about {
		s.Word = v.word
		return
	}
	s.NeedsWord = why
}

// Allow takes a guard's reason to let a vehicle through in spite of what the
// lists say of it or of its card. The act itself is done as ever afterwards, and
// what was said is written with it.
func (d *Desk) Allow(ctx context.Context, code string, subject uuid.UUID, reason string) error {
	reason, err := needReason(reason)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _, v, _, err := d.at(ctx, code, subject)
	if err != nil {
		return err
	}
	why, about := d.needsWord(d.cfg.State.Site(), v)
	switch {
	case v.done:
		return parking.Errorf(parking.Conflict, "This vehicle was let through already.")
	case why == "":
		return parking.Errorf(parking.Conflict, "Nothing is against this vehicle; let it through.")
	}
	v.word, v.wordFor = reason, about
	d.touch()
	return nil
}

// Codes of alarms about vehicles that were let through in spite of a list.
const (
	alarmBlocked = "blocked_vehicle"
	alarmCard    = "bad_card"
)

// careAlarm is the alarm of a vehicle that goes through in spite of a list: one
// that was blocked, or whose card is no good. mu is held.
func (d *Desk) careAlarm(p *post, v *vehicle, actor string) []state.Draft {
	if v.dir != parking.In && v.dir != parking.Out {
		return nil
	}
	var out []state.Draft
	alarm := func(code, text string) {
		out = append(out, state.Draft{Kind: parking.KindAlarm, Actor: actor, Body: &parking.Alarm{
			Code: code, Lane: p.code, Text: text, Photos: v.photos,
		}})
	}
	if plate, b := d.listed(d.cfg.State.Site(), v); b != nil && b.Blocked {
		alarm(alarmBlocked, fmt.Sprintf("%s, which is on the block list (%s), was let through: %s", plate.Display(), cmp.Or(b.Note, "–"), cmp.Or(d.spoken(v), "–")))
	}
	if bad := d.badCard(v); bad != "" {
		alarm(alarmCard, fmt.Sprintf("A vehicle with card %s (%s by the site's list) was let through: %s", v.Token, bad, cmp.Or(d.spoken(v), "–")))
	}
	return out
}
