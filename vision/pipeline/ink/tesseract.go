package ink

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/otiai10/gosseract/v2"
)

// Letters that Tesseract may answer with, by what the line may hold. It knows
// no Đ; the atlas does.
const (
	digitsOnly = "0123456789"
	anyLetter  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	// vietnameseLetter leaves out what Vietnamese plates never bear.
	vietnameseLetter = "0123456789ABCDEFGHKLMNPQRSTUVXYZ"
)

// heard is Tesseract's word on one letter; letter is 0 where it gave none.
type heard struct {
	letter     rune
	confidence float64 // 0..1
}

// tesseract reads lines that were set anew.
type tesseract struct{ client *gosseract.Client }

func newTesseract() (*tesseract, error) {
	client := gosseract.NewClient()
	for key, value := range map[gosseract.SettableVariable]string{
		"load_system_dawg": "0", "load_freq_dawg": "0", gosseract.DEBUG_FILE: "/dev/null",
	} {
		if err := client.SetVariable(key, value); err != nil {
			return nil, fmt.Errorf("set up Tesseract: %w", err)
		}
	}
	if err := client.SetPageSegMode(gosseract.PSM_SINGLE_LINE); err != nil {
		return nil, fmt.Errorf("set up Tesseract: %w", err)
	}
	return &tesseract{client}, nil
}

func (t *tesseract) close() error { return t.client.Close() }

// read returns Tesseract's word on each letter of the line.
func (t *tesseract) read(letters []*grey, whitelist string) ([]heard, error) {
	pgm, middles := setLine(letters)
	if err := t.client.SetWhitelist(whitelist); err != nil {
		return nil, fmt.Errorf("tell Tesseract its letters: %w", err)
	}
	if err := t.client.SetImageFromBytes(pgm); err != nil {
		return nil, fmt.Errorf("hand Tesseract a line: %w", err)
	}
	symbols, err := t.client.GetBoundingBoxes(gosseract.RIL_SYMBOL)
	if err != nil {
		return nil, fmt.Errorf("read a line with Tesseract: %w", err)
	}
	words := make([]heard, len(letters))
	for _, symbol := range symbols {
		letter, _ := utf8.DecodeRuneInString(symbol.Word)
		x := float64(symbol.Box.Min.X+symbol.Box.Max.X) / 2
		nearest, apart := 0, math.Inf(1)
		for i, middle := range middles {
			if d := math.Abs(middle - x); d < apart {
				nearest, apart = i, d
			}
		}
		if apart < setHeight*0.5 && symbol.Confidence/100 > words[nearest].confidence {
			words[nearest] = heard{letter, symbol.Confidence / 100}
		}
	}
	return words, nil
}
