package parking

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Bounds of a message: it is read at a barrier while cars wait.
const (
	MaxMessage      = 500 // letters
	MaxMessageLines = 10
	maxMessageGates = 1000 // more than a site has
)

// MessageVersion says from when on guards shall read what an administrator
// wrote to them, or need not any more.
type MessageVersion struct {
	Message uuid.UUID `json:"message"`
	Gates   []string  `json:"gates,omitempty"` // at whose consoles it is shown; none: all of the site's
	Text    string    `json:"text"`
	// By is who wrote it. It is in the body, beside the fact's actor, because the
	// lists that gates fetch carry bodies.
	By        string     `json:"by"`
	Until     *time.Time `json:"until,omitempty"` // it is shown no longer than that; nil: until it is read
	Withdrawn bool       `json:"withdrawn,omitempty"`
	From      time.Time  `json:"from"`
}

// MessageRead says that the guards of a gate have read a message: the fact's
// actor has, at the console, for all who stand there.
type MessageRead struct {
	Message uuid.UUID `json:"message"`
}

// ForGate says whether a gate's console shows the message.
func (b *MessageVersion) ForGate(gate string) bool {
	return len(b.Gates) == 0 || slices.Contains(b.Gates, gate)
}

// Holds says whether the message is to be read at a time, by what this version
// of it says.
func (b *MessageVersion) Holds(at time.Time) bool {
	return !b.Withdrawn && !b.Over(at) && !at.Before(BusinessTime(b.From))
}

// Over says whether the message's own end has come.
func (b *MessageVersion) Over(at time.Time) bool {
	return b.Until != nil && !at.Before(BusinessTime(*b.Until))
}

// ValidMessage refuses a text that is no message: empty, too long for a console,
// or with characters in it that are no text.
func ValidMessage(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return Errorf(Invalid, "A message has a text.")
	case utf8.RuneCountInString(text) > MaxMessage || strings.Count(text, "\n") >= MaxMessageLines:
		return Errorf(Invalid, "A message has at most %d letters, in at most %d lines.", MaxMessage, MaxMessageLines)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }):
		return Errorf(Invalid, "A message is plain text.")
	}
	return nil
}

func (b *MessageVersion) validate() error {
	if !possibleTime(b.From) || b.Message == uuid.Nil {
		return noFrom()
	}
	if b.Until != nil && !possibleTime(*b.Until) {
		return Errorf(Invalid, "The end of this message is no time.")
	}
	if len(b.Gates) > maxMessageGates {
		return Errorf(Invalid, "No site has more than %d gates.", maxMessageGates)
	}
	for _, g := range b.Gates {
		if err := ValidCode("gate", g); err != nil {
			return err
		}
	}
	if err := shortText("name of who wrote", b.By); err != nil {
		return err
	}
	return ValidMessage(b.Text)
}

func (b *MessageRead) validate() error {
	if b.Message == uuid.Nil {
		return Errorf(Invalid, "The fact names no message.")
	}
	return nil
}
