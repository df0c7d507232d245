package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"gatehouse/internal/words"
	"gatehouse/parking"
)

// errEnded says that whoever was asked has left.
var errEnded = errors.New("nobody answers any more")

// talk is a conversation in lines.
type talk struct {
	lang  string
	out   io.Writer
	lines <-chan string // nil: nobody is there to be asked
}

// newTalk begins one; in is nil where nobody is to be asked. Lines are read
// until ctx ends.
func newTalk(ctx context.Context, lang string, in io.Reader, out io.Writer) *talk {
	t := &talk{lang: lang, out: out}
	if in == nil {
		return t
	}
	lines := make(chan string)
	t.lines = lines
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- strings.TrimSpace(s.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return t
}

func (t *talk) asks() bool { return t.lines != nil }

// t is a text of the catalogue.
func (t *talk) t(key string, args ...any) string { return words.T(t.lang, "setup."+key, args...) }

func (t *talk) say(key string, args ...any) { t.print(t.t(key, args...)) }

func (t *talk) print(line string) { _, _ = fmt.Fprintln(t.out, line) } // a screen

// fail says what went wrong, in the person's language.
func (t *talk) fail(err error) {
	text := err.Error()
	if parking.ErrorCode(err) != parking.Internal {
		text = words.Sentence(t.lang, parking.ErrorMessage(err))
	}
	t.print("  ! " + text)
}

// ask asks a question; Enter alone keeps was, and "-" takes it away.
func (t *talk) ask(ctx context.Context, question, was string) (string, error) {
	if !t.asks() {
		return was, nil
	}
	if was != "" {
		question += " [" + was + "]"
	}
	_, _ = fmt.Fprint(t.out, question+": ")
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case line, open := <-t.lines:
		switch {
		case !open:
			return "", errEnded
		case line == "":
			return was, nil
		case line == "-":
			return "", nil
		}
		return line, nil
	}
}

// choice is what somebody wants after a failure.
type choice int

const (
	again choice = iota
	goOn
	another
)

// afterFailure asks whether to try again, to go on all the same, or what else to
// try.
func (t *talk) afterFailure(ctx context.Context) (choice, string, error) {
	for {
		line, err := t.ask(ctx, "  "+t.t("after_failure"), "")
		switch {
		case err != nil:
			return 0, "", err
		case line == "a":
			return again, "", nil
		case line == "g":
			return goOn, "", nil
		case line != "":
			return another, line, nil
		}
	}
}
