// Package tui is the guard's console in a terminal: a view of a gate's desk
// (gate/lane) and nothing else. It holds no state of the lanes, no SQL and no
// sockets; it draws the newest view and turns keys into acts.
//
// There is one Bubble Tea model. The parts of the screen are plain functions
// from the view and a rectangle to lines of exactly that size; dialogs are a
// stack that sees keys first; whatever could wait (an act, decoding a
// picture, a search) runs in a command, never in Update.
//
// An act belongs to the vehicle on the screen. The model remembers which
// subject of each lane the terminal has really painted (it asks for the
// cursor's position after the frame; the answer can come only behind it) and
// passes that subject's id. A key within 250 ms of the change, or made by
// auto-repeat, is refused with a bell.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/gate/settings"
	"gatehouse/internal/words"
	"gatehouse/parking"
)

// Viewer gives what the console draws.
type Viewer interface {
	View() *lane.View
	Photo(ctx context.Context, sha256 string) ([]byte, error)
	Changed() (<-chan struct{}, func()) // a coalesced wake-up for every new view
}

// Arriving is about vehicles before they are anything else.
type Arriving interface {
	Arrive(ctx context.Context, lane string, a lane.Arrival) (uuid.UUID, error)
	Clear(ctx context.Context, lane string, subject uuid.UUID) error
	OpenByHand(ctx context.Context, lane, reason string) error
	OpenAgain(ctx context.Context, lane string, subject uuid.UUID) error
}

// Ordering is who stands where at a lane, and where the lane leads.
type Ordering interface {
	BackOut(ctx context.Context, lane string, subject uuid.UUID, reason string) error
	MoveAside(ctx context.Context, lane string, subject uuid.UUID) error
	Recall(ctx context.Context, lane string, subject uuid.UUID) error
	ChangeDirection(ctx context.Context, lane string, to parking.Direction, reason string) error
}

// Naming says what a vehicle is.
type Naming interface {
	Correct(ctx context.Context, lane string, subject uuid.UUID, plate, reason string) error
	PickCandidate(ctx context.Context, lane string, subject uuid.UUID, candidate int) error
	SetClass(ctx context.Context, lane string, subject uuid.UUID, class parking.Class) error
	CorrectClass(ctx context.Context, lane string, subject, stay uuid.UUID, class parking.Class, reason string) error
}

// Entering lets vehicles in.
type Entering interface {
	ChooseSlot(ctx context.Context, lane string, subject uuid.UUID, slot string) error
	AcceptIn(ctx context.Context, lane string, subject uuid.UUID) (parking.Stay, error)
}

// Leaving lets vehicles out that owe nothing, or whose stay is not known.
type Leaving interface {
	Pick(ctx context.Context, lane string, subject uuid.UUID, match int) error
	LeaveFree(ctx context.Context, lane string, subject uuid.UUID) (parking.Stay, error)
	OutUnknown(ctx context.Context, lane string, subject uuid.UUID, reason string, fee parking.Money, method parking.Method) error
}

// Paying takes money.
type Paying interface {
	PayCash(ctx context.Context, lane string, subject uuid.UUID, tendered parking.Money) (parking.Stay, error)
	ShowQR(ctx context.Context, lane string, subject uuid.UUID) error
	ConfirmByHand(ctx context.Context, lane string, subject uuid.UUID, payerBank string, at time.Time) (parking.Stay, error)
	Discount(ctx context.Context, lane string, subject uuid.UUID, code string) error
}

// Keeping looks after stays that are inside.
type Keeping interface {
	Search(query string) []parking.Stay
	Conflicts(ctx context.Context) []lane.ConflictView
	MoveStay(ctx context.Context, stay uuid.UUID, slot, reason string) error
	Void(ctx context.Context, stay uuid.UUID, reason string) error
}

// TakingBack undoes what the guard did last; View.LastAct says what that is.
type TakingBack interface {
	TakeBack(ctx context.Context) (lane.LastAct, error)
}

// Signing is who stands at the gate.
type Signing interface {
	SignIn(ctx context.Context, name, password string) error
	SignOut(ctx context.Context)
	SetTime(ctx context.Context, t time.Time) error
}

// Sharing is how consoles of one gate keep out of each other's way.
type Sharing interface {
	// Working says that the guard is at a lane, "" for none; an error says who
	// else is.
	Working(lane string) error
}

// Desk is what the console draws and acts upon.
type Desk interface {
	Viewer
	Sharing
	Arriving
	Ordering
	Naming
	Entering
	Leaving
	Paying
	Keeping
	TakingBack
	Presenting
	Copying
	Receipting
	Drawers
	Signing
	Locking
	Noticing
}

// Options change how a console looks. The zero value is right for a terminal
// on the standard streams.
type Options struct {
	Language  string    // "vi" or "en"; "" takes the settings', then the view's
	ASCII     bool      // draw with ASCII only; also when the locale is C or POSIX
	NoPicture bool      // start with the cameras' pictures off
	Input     io.Reader // nil: standard input
	Output    io.Writer // nil: standard output
	Env       []string  // nil: the process's environment
	Profile   colorprofile.Profile
	Width     int // with Height: the size when Output is no terminal
	Height    int
	Sizes     <-chan Size      // changes of that size; nil: Output's own
	Idle      time.Duration    // without a key the console ends; 0: never
	Now       func() time.Time // monotonic; nil: time.Now
	// Settings are what was kept for this console, nil for the usual ones; Keep
	// keeps what the guard changes, off the model's loop; nil keeps nothing.
	Settings *settings.Settings
	Keep     func(s settings.Settings) error
	Keys     settings.Keys // CheckKeys; nil for the usual ones
}

// Size is a terminal's, in cells.
type Size struct{ Width, Height int }

// ErrIdle says that a console has ended because no key was pressed.
var ErrIdle = errors.New("no key was pressed for too long")

// Run shows the console until the guard leaves it or ctx ends, which is no
// error; or until nobody has pressed a key for the idle time (ErrIdle).
func Run(ctx context.Context, desk Desk, opts Options) error {
	if opts.Env == nil {
		opts.Env = os.Environ()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts.ASCII = opts.ASCII || asciiLocale(opts.Env)
	if opts.Input == nil {
		opts.Input = os.Stdin
	}
	mend(opts.Input)
	term := openTerminal(&opts)
	defer term.close()
	m := newModel(ctx, desk, opts)
	defer m.close()
	m.line = newLine(opts.Output, m.opts.Now)
	m.line.sized(!m.tooSmall())
	programOpts := []tea.ProgramOption{
		tea.WithContext(ctx), tea.WithEnvironment(opts.Env), tea.WithoutSignalHandler(), tea.WithOutput(m.line),
		tea.WithColorProfile(opts.Profile), tea.WithWindowSize(opts.Width, opts.Height), tea.WithInput(newSieve(opts.Input)),
	}
	program := tea.NewProgram(m, programOpts...)
	var resizing sync.WaitGroup
	resizing.Go(func() { resize(ctx, program, m.line, opts.Sizes) })
	_, err := program.Run()
	ended := ctx.Err() != nil
	cancel()
	resizing.Wait()
	m.keepAtEnd()
	if m.images > 0 && m.knows {
		_, _ = io.WriteString(opts.Output, forgetImages()) // the terminal may be gone
	}
	switch {
	case m.idle:
		return ErrIdle
	case err == nil, errors.Is(err, tea.ErrProgramKilled) && ended, errors.Is(err, tea.ErrInterrupted):
		return nil
	}
	return fmt.Errorf("console: %w", err)
}

// asciiLocale says whether the locale in env asks for plain ASCII. Without
// any setting the terminal is taken to be one of this century.
func asciiLocale(env []string) bool {
	value := map[string]string{}
	for _, e := range env {
		if k, v, ok := strings.Cut(e, "="); ok {
			value[k] = v
		}
	}
	for _, k := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := value[k]; v != "" {
			return v == "C" || v == "POSIX"
		}
	}
	return false
}

// settings are those to start with.
func (o *Options) settings() settings.Settings {
	if o.Settings == nil {
		return settings.Default()
	}
	return *o.Settings
}

// languageOf is the language to start with.
func languageOf(opts Options, s settings.Settings, v *lane.View) string {
	for _, l := range []string{opts.Language, s.Language, v.Language} {
		if l == words.Vi || l == words.En {
			return l
		}
	}
	return words.Vi
}
