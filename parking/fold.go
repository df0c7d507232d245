package parking

import (
	"strings"
	"unicode"
)

// vietnameseLetters lists the letters that are folded to an ASCII letter.
var vietnameseLetters = map[byte]string{
	'a': "àáảãạăằắẳẵặâầấẩẫậ", 'A': "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ",
	'd': "đð", 'D': "ĐÐ",
	'e': "èéẻẽẹêềếểễệ", 'E': "ÈÉẺẼẸÊỀẾỂỄỆ",
	'i': "ìíỉĩị", 'I': "ÌÍỈĨỊ",
	'o': "òóỏõọôồốổỗộơờớởỡợ", 'O': "ÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ",
	'u': "ùúủũụưừứửữự", 'U': "ÙÚỦŨỤƯỪỨỬỮỰ",
	'y': "ỳýỷỹỵ", 'Y': "ỲÝỶỸỴ",
}

var vietnameseFolds = func() map[rune]byte {
	folds := map[rune]byte{}
	for ascii, letters := range vietnameseLetters {
		for _, r := range letters {
			folds[r] = ascii
		}
	}
	return folds
}()

// FoldVietnamese writes s in printable ASCII: Vietnamese letters lose their
// marks (đ becomes d), composed or not; white space becomes a space; anything
// else outside ASCII is dropped. Bank transfers carry nothing more.
func FoldVietnamese(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch ascii, known := vietnameseFolds[r]; {
		case known:
			b.WriteByte(ascii)
		case r > ' ' && r <= '~':
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		}
	}
	return b.String()
}
