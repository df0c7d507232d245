package lane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"

	"gatehouse/parking"
)

// noteGuardCards names what is kept of guards' cards: by guard, the SHA-256 of
// the card's number, in hex. A card is short and easily copied: it unlocks the
// console that its guard has signed in at, and signs nobody in.
const noteGuardCards = "guard_cards"

// guardCards are the cards that unlock consoles, and the consoles that are
// locked. The zero value is ready.
type guardCards struct {
	mu     sync.Mutex
	read   bool
	by     map[string]string // guard by the card's hash
	locked map[*Console]bool
}

// watch notes that a console is locked, or no longer.
func (g *guardCards) watch(c *Console, locked bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.locked == nil {
		g.locked = map[*Console]bool{}
	}
	if locked {
		g.locked[c] = true
	} else {
		delete(g.locked, c)
	}
}

func cardHash(text string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(text)))
	return hex.EncodeToString(sum[:])
}

// guardCards are the cards by hash, read from the disk at first. An unreadable
// note is no card.
func (d *Desk) guardCards() map[string]string {
	g := &d.cards
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.read {
		return g.by
	}
	text, err := d.cfg.Notes.Setting(context.WithoutCancel(d.ctx), noteGuardCards)
	byGuard := map[string]string{}
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &byGuard)
	}
	if err != nil {
		d.log.Warn("the cards of guards were not read", "error", err)
		return nil
	}
	g.read, g.by = true, map[string]string{}
	for guard, hash := range byGuard {
		g.by[hash] = guard
	}
	return g.by
}

// SetCard makes the card of that number the one that unlocks the consoles of
// this guard at this gate, "" for none. A ticket, a receipt, the card of a
// vehicle inside and another guard's are refused with code Conflict.
func (c *Console) SetCard(ctx context.Context, text string) error {
	if _, err := c.acting(ctx); err != nil {
		return err
	}
	guard, err := c.who()
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	d := c.desk
	hash, cards := cardHash(text), d.guardCards()
	switch owner := cards[hash]; {
	case text == "":
	case len(text) > parking.MaxTicketText || parking.IsTicket(text) || parking.IsReceipt(text):
		return parking.Errorf(parking.Invalid, "This is no card.")
	case owner != "" && owner != guard.Name:
		return parking.Errorf(parking.Conflict, "This is the card of another guard.")
	case len(d.cfg.State.Site().ByToken(text)) > 0:
		return parking.Errorf(parking.Conflict, "A vehicle inside has this card.")
	}
	next := maps.Clone(cards)
	if next == nil {
		next = map[string]string{}
	}
	maps.DeleteFunc(next, func(_, owner string) bool { return owner == guard.Name })
	if text != "" {
		next[hash] = guard.Name
	}
	byGuard := map[string]string{}
	for hash, owner := range next {
		byGuard[owner] = hash
	}
	note, err := json.Marshal(byGuard)
	if err == nil {
		err = d.cfg.Notes.SetSetting(ctx, noteGuardCards, string(note))
	}
	if err != nil {
		return fmt.Errorf("keep a guard's card: %w", err)
	}
	d.cards.mu.Lock()
	d.cards.read, d.cards.by = true, next
	d.cards.mu.Unlock()
	d.touch()
	return nil
}

// hasCard says whether a card unlocks the consoles of a guard.
func (d *Desk) hasCard(guard string) bool {
	for _, owner := range d.guardCards() {
		if owner == guard {
			return true
		}
	}
	return false
}

// tapOfGuard unlocks the consoles of the guard whose card was presented; ok is
// false for every other card. It is no vehicle's.
func (d *Desk) tapOfGuard(text string) (answer Tapped, ok bool) {
	guard := d.guardCards()[cardHash(text)]
	if guard == "" {
		return Tapped{}, false
	}
	d.cards.mu.Lock()
	locked := maps.Clone(d.cards.locked)
	d.cards.mu.Unlock()
	for c := range locked {
		if who, err := c.who(); err == nil && who.Name == guard {
			c.setLocked(false)
		}
	}
	return Tapped{Refused: "This is the card of a guard."}, true
}
