package spell

import (
	"math"
	"strconv"
	"strings"
)

// formatsTable has a row for each country or state whose cars' numbers the plain
// grammar expects: its cars in millions, roughly, and how it writes them, L for a
// letter and D for a digit, seals, dashes and spaces left out; from Wikipedia's
// "Vehicle registration plates of …" and "United States license plate designs and
// serial formats". The plain grammar allows every other number, too: the table
// only decides between letters that look alike, O and 0, I and 1.
const formatsTable = `
	BR 60 LLLDDDD LLLDLDD
	AR 14 LLLDDD LLDDDLL
	UY 1 LLLDDDD
	PY 1 LLLDDD LLLLDDD
	CL 5 LLDDDD LLLLDD
	CO 7 LLLDDD
	PE 3 LDLDDD LLLDDD
	DE 49 LLDDD LLDDDD LLLDD LLLDDD LLLDDDD LLLLDD LLLLDDD LLLLLDD LLLLLDDD LLLLDDDD
	GB 34 LLDDLLL LDDDLLL LDDLLL
	FR 40 LLDDDLL
	IT 40 LLDDDLL
	ES 25 DDDDLLL
	PT 6 LLDDLL DDDDLL DDLLDD LLDDDD
	NL 9 DDLLLD DLLLDD LLDDDL LDDDLL LLLDDL LDDLLL DDLLLL LLLLDD DDLLDD LLDDLL
	BE 6 DLLLDDD LLLDDD DDDLLL
	AT 5 LDDDDL LDDDDLL LDDDDDL LLDDDL LLDDDLL LLDDDDL
	CH 5 LLDDDD LLDDDDD LLDDDDDD
	PL 26 LLDDDDD LLDDDDL LLDDDLL LLLDDDD LLLDDLL LLLLDDD
	CZ 6 DLDDDDD DLLDDDD
	SK 2 LLDDDLL LLDDDDL
	HU 4 LLLDDD LLLLDDD
	SE 5 LLLDDD LLLDDL
	NO 3 LLDDDDD
	DK 3 LLDDDDD
	FI 3 LLLDDD
	RO 8 LLDDLLL LDDDLLL LDDLLL
	BG 3 LLDDDDLL LDDDDLL
	HR 2 LLDDDDLL LLDDDLL LLDDDDL LLDDDL
	RS 2 LLDDDLL LLDDDDLL
	SI 1 LLDDDLL
	LT 2 LLLDDD
	LV 1 LLDDDD
	EE 1 DDDLLL
	GR 6 LLLDDDD
	IE 2 DDLDDDD DDLDDDDD DDDLDDDD DDDLDDDDD
	UA 9 LLDDDDLL
	RU 45 LDDDLLDD LDDDLLDDD
	US-AL 5 DDLDDDD DLDDDDD DDLDDLD
	US-AK 0.6 LLLDDD
	US-AZ 6 LLLDDDD
	US-AR 3 LLLDDD DDDLLL
	US-CA 30 DLLLDDD
	US-CO 5 LLLDDD DDDLLL LLLLDD
	US-CT 3 LLDDDDD LLLDDD DDDLLL
	US-DE 1 DDDDDD
	US-FL 18 LLLLDD LDDDLL LLLDDL DDDDLL
	US-GA 9 LLLDDDD
	US-HI 1 LLLDDD
	US-ID 2 LDDDDDD DLDDDDD
	US-IL 10 LLDDDDD LDDDDDD DDDDDDD
	US-IN 6 DDDLLL DDDLL
	US-IA 3 LLLDDD
	US-KS 3 DDDLLL DDDDLLL
	US-KY 4 DDDLLL LLLDDD LDLDDD
	US-LA 4 DDDLLL LLLDDD
	US-ME 1 DDDDLL DDDLLL
	US-MD 5 DLLDDDD LLLDDD DLLLDD
	US-MA 5 DDDLLD DLLLDD DDLLDD DDDDLL DLLDDD
	US-MI 8 LLLDDDD DLLLDD LLLDD
	US-MN 5 LLLDDD DDDLLL
	US-MS 2 LLLDDD LLLDDDD
	US-MO 5 LLDLDL
	US-MT 2 DDDDDDL
	US-NE 2 LLLDDD
	US-NV 3 DDDLLL DDLDDD
	US-NH 1 DDDDDDD
	US-NJ 6 LDDLLL LLLDDL
	US-NM 2 LLLDDD DDDLLL LLLLDD
	US-NY 11 LLLDDDD
	US-NC 8 LLLDDDD
	US-ND 1 DDDLLL
	US-OH 10 LLLDDDD
	US-OK 4 LLLDDD DDDLLL
	US-OR 4 DDDLLL
	US-PA 11 LLLDDDD
	US-RI 1 DDDDDD LLDDD
	US-SC 4 LLLDDD DDDDLL
	US-SD 1 DLLDDD DLDDDD
	US-TN 6 LDDDDL LLLDDDD
	US-TX 22 LLLDDDD LLDLDDD
	US-UT 3 LDDDLL DDDLLL DLDLL
	US-VT 1 LLLDDD
	US-VA 7 LLLDDDD
	US-WA 7 LLLDDDD DDDLLL
	US-WV 2 DLLDDD LLLDDD
	US-WI 5 LLLDDDD DDDLLL
	US-WY 1 DDDDDD
`

// format is a pattern of the plain grammar and the logarithm of how much rather
// one of its numbers is met than one of no format at all of the same length.
type format struct {
	pattern string
	log     float64
}

const (
	// ofNoFormat is the share of cars whose number has none of the formats.
	ofNoFormat = 0.05
	// trusted is the part of that logarithm which counts. The letters' shares are
	// flattened by training (label smoothing), and the table is of the world, not
	// of the place.
	trusted = 0.5
)

// formats lists the formats by their number of letters.
var formats = formatsOf(formatsTable)

func formatsOf(table string) map[int][]format {
	cars, order := map[string]float64{}, []string(nil)
	all := 0.0
	for _, row := range strings.Split(strings.TrimSpace(table), "\n") {
		fields := strings.Fields(row)
		millions, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			panic("formats: " + row) // of a constant
		}
		all += millions
		for _, pattern := range fields[2:] {
			if cars[pattern] == 0 {
				order = append(order, pattern)
			}
			cars[pattern] += millions / float64(len(fields)-2)
		}
	}
	by := map[int][]format{}
	for _, pattern := range order {
		letters, digits := strings.Count(pattern, "L"), strings.Count(pattern, "D")
		log := math.Log(cars[pattern] / all / ofNoFormat)
		log += float64(letters)*math.Log(36.0/26) + float64(digits)*math.Log(36.0/10)
		// A place for any of 26 letters is M.
		by[len(pattern)] = append(by[len(pattern)], format{strings.ReplaceAll(pattern, "L", "M"), trusted * log})
	}
	return by
}
