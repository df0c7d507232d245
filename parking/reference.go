package parking

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// referenceLetters are the digits and capital letters without those that are
// taken for another: 0 and O, 1, I and L, and S, Z and B beside 5, 2 and 8.
const referenceLetters = "23456789ACDEFGHJKMNPQRTUVWXY"

// ReferenceLength is how long a payment reference is: nine letters that say
// which, and a check character.
const ReferenceLength = 10

// referenceSpace is how many references there are: 28 to the 9th, 1.06·10¹³.
const referenceSpace = 28 * 28 * 28 * 28 * 28 * 28 * 28 * 28 * 28

// NewReference makes the payment reference for the counter-th payment that a
// gate requests within an epoch. It goes into the purpose of a transfer, and
// comes back in the bank's notice.
//
// Gate and epoch choose a place on a circle of 1.06·10¹³ numbers, and counter
// goes on from there: so references of one epoch never repeat, and since a
// new epoch is minted at every start, a gate whose disk was restored starts
// elsewhere instead of counting again from where the image was. Two epochs
// that make n references each would have to be dealt places closer than n to
// share one: for n = 1,000 that is once in five billion pairs. The cloud
// still reports it (reference_twice).
func NewReference(gate, epoch string, counter uint64) string {
	sum := sha256.Sum256([]byte(gate + "\x00" + epoch))
	n := (binary.BigEndian.Uint64(sum[:8])%referenceSpace + counter%referenceSpace) % referenceSpace
	var b [ReferenceLength]byte
	for i := ReferenceLength - 2; i >= 0; i-- {
		b[i] = referenceLetters[n%28]
		n /= 28
	}
	b[ReferenceLength-1] = checkLetter(b[:ReferenceLength-1])
	return string(b[:])
}

// checkLetter is the check character by ISO 7064's hybrid system, with the
// modulus pair 29, 28: it finds every single wrong letter, and nearly every
// two that changed places. All letters must be reference letters.
func checkLetter(letters []byte) byte {
	p := 28
	for _, c := range letters {
		s := (p + strings.IndexByte(referenceLetters, c)) % 28
		if s == 0 {
			s = 28
		}
		p = 2 * s % 29
	}
	return referenceLetters[(29-p)%28]
}

// ValidReference says whether s has the form of a payment reference and its
// check character is right.
func ValidReference(s string) bool {
	if len(s) != ReferenceLength {
		return false
	}
	for i := range len(s) {
		if strings.IndexByte(referenceLetters, s[i]) < 0 {
			return false
		}
	}
	return checkLetter([]byte(s[:ReferenceLength-1])) == s[ReferenceLength-1]
}

// maxReferenceText is how much of a bank's text is searched, in bytes.
const maxReferenceText = 4096

// FindReference lists what may be payment references in the text of a bank's
// notice. Banks strip punctuation, change case, break lines and put their own
// text around ours, so every stretch of letters and digits is tried, whatever
// stood between them. Words that are a reference by themselves come first.
// One stretch in 28 has a right check character by chance: only a reference
// that is known to be asked for counts.
func FindReference(text string) []string {
	if len(text) > maxReferenceText {
		text = text[:maxReferenceText]
	}
	text = strings.ToUpper(FoldVietnamese(text))
	var found []string
	add := func(s string) {
		if ValidReference(s) && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return !isAlnum(r) })
	for _, word := range words {
		add(word)
	}
	all := strings.Join(words, "")
	for i := 0; i+ReferenceLength <= len(all); i++ {
		add(all[i : i+ReferenceLength])
	}
	return found
}
