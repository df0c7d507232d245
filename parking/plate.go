package parking

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// PlateMaxLetters is the longest plate that is taken, in letters and digits
// after separators are removed; no country issues longer ones.
const PlateMaxLetters = 15

// plateMaxRawBytes bounds what ParsePlate looks at.
const plateMaxRawBytes = 256

// Plate is a number plate in its canonical form: upper case, composed (NFC),
// separators removed, Đ kept. Make one with ParsePlate; the zero value means
// that there is no plate.
type Plate string

// ParsePlate brings what somebody typed or a camera read into the canonical
// form. It refuses only what cannot be a plate in any country: nothing
// readable, more than PlateMaxLetters letters and digits, control characters
// or broken text. A plate that fits no Vietnamese pattern is fine (see Known):
// it is warned about and never blocked. The error is an Error with code
// Invalid.
func ParsePlate(raw string) (Plate, error) {
	if len(raw) > plateMaxRawBytes {
		return "", Errorf(Invalid, "A plate has at most %d letters and digits; this one is much longer.", PlateMaxLetters)
	}
	if !utf8.ValidString(raw) {
		return "", Errorf(Invalid, "The plate holds characters that cannot be read. Type it again with letters and digits.")
	}
	letters := make([]rune, 0, len(raw))
	for _, r := range raw {
		switch {
		case unicode.IsControl(r):
			return "", Errorf(Invalid, "The plate holds a line break, a tab or another control character. Type it with letters and digits.")
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			letters = combine(letters, r)
		default:
			if folded, ok := plateLetter(r); ok {
				letters = append(letters, folded)
			}
		}
	}
	if len(letters) == 0 {
		return "", Errorf(Invalid, "The plate is empty. Type its letters and digits, for example 30A-123.45.")
	}
	if len(letters) > PlateMaxLetters {
		return "", Errorf(Invalid, "A plate has at most %d letters and digits; this one has %d.", PlateMaxLetters, len(letters))
	}
	return Plate(letters), nil
}

// keptMarks are the marked letters that plates really bear (Germany, Austria,
// Slovenia, Croatia); any other mark is noise of the keyboard.
var keptMarks = map[[2]rune]rune{
	{'A', '\u0308'}: 'Ä', {'O', '\u0308'}: 'Ö', {'U', '\u0308'}: 'Ü',
	{'C', '\u030C'}: 'Č', {'S', '\u030C'}: 'Š', {'Z', '\u030C'}: 'Ž', {'C', '\u0301'}: 'Ć',
	{'D', '\u0335'}: 'Đ', {'D', '\u0336'}: 'Đ',
}

// combine puts a combining mark onto the last letter where a plate can bear
// it, and drops it elsewhere.
func combine(letters []rune, mark rune) []rune {
	if n := len(letters); n > 0 {
		if composed, ok := keptMarks[[2]rune{letters[n-1], mark}]; ok {
			letters[n-1] = composed
		}
	}
	return letters
}

// plateFolds maps the letters of Vietnamese and western European keyboards
// that no plate bears to the letter beneath the mark.
var plateFolds = func() map[rune]rune {
	folds := map[rune]rune{'Ð': 'Đ', 'Ɖ': 'Đ', 'ẞ': 'S', 'Ø': 'O'}
	for base, marked := range map[rune]string{
		'A': "ÀÁÂÃÅĀĂĄẠẢẤẦẨẪẬẮẰẲẴẶ", 'C': "ÇĈĊ", 'D': "Ď",
		'E': "ÈÉÊËĒĔĖĘĚẸẺẼẾỀỂỄỆ", 'G': "ĜĞĠĢ", 'I': "ÌÍÎÏĨĪĬĮİỈỊ",
		'L': "ĹĻĽŁ", 'N': "ÑŃŅŇ", 'O': "ÒÓÔÕŌŎŐƠỌỎỐỒỔỖỘỚỜỞỠỢ",
		'R': "ŔŖŘ", 'S': "ŚŜŞ", 'T': "ŢŤ", 'U': "ÙÚÛŨŪŬŮŰŲƯỤỦỨỪỬỮỰ",
		'W': "Ŵ", 'Y': "ÝŶŸỲỴỶỸ", 'Z': "ŹŻ",
	} {
		for _, r := range marked {
			folds[r] = base
		}
	}
	return folds
}()

// plateLetter returns the canonical letter or digit for r, false for a
// separator.
func plateLetter(r rune) (rune, bool) {
	if r >= '！' && r <= '～' { // full-width forms of Asian keyboards
		r -= '！' - '!'
	}
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return 0, false
	}
	r = unicode.ToUpper(r)
	if folded, ok := plateFolds[r]; ok {
		r = folded
	}
	return r, true
}

// String returns the canonical form.
func (p Plate) String() string { return string(p) }

// provinceMissing are the two-digit numbers from 11 on that were never given
// to a province. Codes of provinces that were merged in 2025 stay valid.
const provinceMissing = " 13 42 44 45 46 87 91 96 "

// isProvince says whether code is one of the 81 province codes of Vietnam.
func isProvince(code string) bool {
	if len(code) != 2 || !isDigits(code) || code < "11" {
		return false
	}
	return !strings.Contains(provinceMissing, " "+code+" ")
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
