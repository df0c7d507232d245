package bench

import (
	"crypto/sha256"
	_ "embed" // the list
	"encoding/csv"
	"encoding/hex"
	"strings"
	"sync"
)

// wrongLabels are photographs of public sets whose truth was found wrong, each
// looked at by eye, enlarged, after some engine had disagreed with it: SHA-256 of
// the file, its name, and what is wrong.
//
//go:embed wrong_labels.csv
var wrongLabels string

var wrongBySum = sync.OnceValue(func() map[string]string {
	rows, err := csv.NewReader(strings.NewReader(wrongLabels)).ReadAll()
	if err != nil {
		panic("the list of wrong labels: " + err.Error()) // it is built in, and read by a test
	}
	by := map[string]string{}
	for _, row := range rows[1:] {
		by[row[0]] = row[2]
	}
	return by
})

// WrongLabel says what is wrong with the truth that the source gives for a
// picture file; "" where nothing is known to be.
func WrongLabel(data []byte) string {
	sum := sha256.Sum256(data)
	return wrongBySum()[hex.EncodeToString(sum[:])]
}

// Odd says whether a picture is one of those that no threshold is chosen on: the
// SHA-256 of its file is odd.
func Odd(data []byte) bool {
	sum := sha256.Sum256(data)
	return sum[len(sum)-1]&1 == 1
}
