package banks

import (
	"math/rand/v2"
	"strings"
)

// Passed is a purpose as banks pass it on: in capitals or not, without
// punctuation, with text of their own before and behind.
func Passed(rng *rand.Rand, purpose string) string {
	switch rng.IntN(4) {
	case 0:
		return purpose
	case 1:
		return "MBVCB.5123456789.012345." + purpose + ".CT tu 0011223344 NGUYEN VAN A toi 0011001234567"
	case 2:
		return "CT DEN:512345678901 " + strings.ToLower(purpose) + " FT24326"
	}
	return purpose + " GD 123456-112226 09:15:00"
}
