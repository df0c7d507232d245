package parking

import (
	"regexp"
	"slices"
)

// PlateKind is a pattern of Vietnamese plates.
type PlateKind string

// The kinds of Vietnamese plates. State plates (blue) differ by colour only
// and count as cars or motorbikes.
const (
	PlateUnknown           PlateKind = "unknown"              // fits no pattern: foreign, damaged or misread
	PlateCar               PlateKind = "car"                  // 30A-123.45; four digits on old ones
	PlateMotorbike         PlateKind = "motorbike"            // 29-AA 123.45, two letters
	PlateMotorbikeOld      PlateKind = "motorbike_old"        // 29-B1 123.45, letter and digit
	PlateElectricMotorbike PlateKind = "electric_motorbike"   // 29-MĐ1 123.45
	PlateSpecial           PlateKind = "special"              // 30LD-123.45: foreign capital, projects, trailers, tractors
	PlateDiplomatic        PlateKind = "diplomatic"           // 80-441-NG-02
	PlateMilitary          PlateKind = "military"             // TM-1234
	PlateCarOrMotorbikeOld PlateKind = "car_or_motorbike_old" // 30A12345: only the lines or the vehicle tell
)

// platePattern is one row of the grammar. The series letters leave out I, J,
// O, Q and W, which plates never bear, and R but for trailers and the second
// letter or the letter and digit of a motorbike (53-R9 0844 is on the road).
type platePattern struct {
	kind     PlateKind
	province bool // the first group is a province code
	lines    []int
	motor    bool // borne by motorbikes
	car      bool // borne by cars and what is larger
	re       *regexp.Regexp
	show     func(group []string) string
}

const (
	seriesFirst  = `[A-HK-NPS-VXYZ]`
	seriesSecond = `[A-FHK-NPRS-VXYZ]`
)

// platePatterns in the order in which a plate without any hint is understood.
var platePatterns = []platePattern{
	{
		kind: PlateCar, province: true, car: true, lines: []int{1, 2},
		re: regexp.MustCompile(`^(\d\d)(` + seriesFirst + `)(\d{4,5})$`), show: showJoined,
	},
	{
		kind: PlateSpecial, province: true, motor: true, car: true, lines: []int{1, 2},
		re: regexp.MustCompile(`^(\d\d)(LD|DA|KT|HC|TĐ|MK|CD|CT|LB|T)(\d{4,5})$`), show: showJoined,
	},
	{
		kind: PlateSpecial, province: true, car: true, lines: []int{1, 2}, // trailers
		re: regexp.MustCompile(`^(\d\d)(RM?)(\d{4,5})$`), show: showJoined,
	},
	{
		kind: PlateElectricMotorbike, province: true, motor: true, lines: []int{2},
		re: regexp.MustCompile(`^(\d\d)(MĐ[1-9]?)(\d{5})$`), show: showTwoLines,
	},
	{
		kind: PlateMotorbike, province: true, motor: true, lines: []int{2},
		re: regexp.MustCompile(`^(\d\d)(` + seriesFirst + seriesSecond + `)(\d{4,5})$`), show: showTwoLines,
	},
	{
		kind: PlateMotorbikeOld, province: true, motor: true, lines: []int{2},
		re: regexp.MustCompile(`^(\d\d)([A-HK-NPR-VXYZ]\d)(\d{4,5})$`), show: showTwoLines,
	},
	{
		kind: PlateDiplomatic, province: true, motor: true, car: true, lines: []int{1, 2},
		re: regexp.MustCompile(`^(\d\d)(\d{3})(NG|QT|CV|NN)(\d{2,3})$`), show: showDashed,
	},
	{
		kind: PlateDiplomatic, province: true, motor: true, car: true, lines: []int{1, 2},
		re: regexp.MustCompile(`^(\d\d)(NG|QT|CV|NN)(\d{3})(\d{2,3})$`), show: showDashed,
	},
	{
		kind: PlateMilitary, motor: true, car: true, lines: []int{1, 2},
		re: regexp.MustCompile(`^([A-Z]{2}[SLX]?)(\d{3,6})(RM|BM)?$`), show: showMilitary,
	},
}

func showJoined(g []string) string   { return g[1] + g[2] + "-" + dotted(g[3]) }
func showTwoLines(g []string) string { return g[1] + "-" + g[2] + " " + dotted(g[3]) }
func showDashed(g []string) string   { return g[1] + "-" + g[2] + "-" + g[3] + "-" + g[4] }
func showMilitary(g []string) string { return g[1] + "-" + g[2] + g[3] }

// dotted writes five digits as plates do, 123.45; four stay as they are.
func dotted(digits string) string {
	if len(digits) == 5 {
		return digits[:3] + "." + digits[3:]
	}
	return digits
}

// match returns the groups of p in the pattern, nil where it does not fit.
func (pattern *platePattern) match(p Plate) []string {
	groups := pattern.re.FindStringSubmatch(string(p))
	if groups == nil || pattern.province && !isProvince(groups[1]) {
		return nil
	}
	return groups
}

// allows says whether the pattern is borne on a plate of so many lines (0:
// not known) and on a vehicle of that class ("": not known; Motorbike, or
// anything else for a vehicle with four wheels or more).
func (pattern *platePattern) allows(lines int, class Class) bool {
	if lines != 0 && !slices.Contains(pattern.lines, lines) {
		return false
	}
	switch class {
	case "":
		return true
	case Motorbike:
		return pattern.motor
	default:
		return pattern.car
	}
}

// fitting returns the patterns that p fits under the hints; hints that leave
// none over are not believed.
func (p Plate) fitting(lines int, class Class) []*platePattern {
	var all, hinted []*platePattern
	for i := range platePatterns {
		pattern := &platePatterns[i]
		if pattern.match(p) == nil {
			continue
		}
		all = append(all, pattern)
		if pattern.allows(lines, class) {
			hinted = append(hinted, pattern)
		}
	}
	if len(hinted) > 0 {
		return hinted
	}
	return all
}

// Kinds returns the kinds that the plate can be, the likeliest first, given
// the number of lines it is written in (1, 2; 0 when not known) and the class
// of the vehicle ("" when not known). Two digits, a
// letter and five digits are a car (30A-123.45) or an old motorbike
// (30-A1 2345): never the string decides, only the hints do. It is empty for
// a plate that fits no pattern.
func (p Plate) Kinds(lines int, class Class) []PlateKind {
	var kinds []PlateKind
	for _, pattern := range p.fitting(lines, class) {
		if !slices.Contains(kinds, pattern.kind) {
			kinds = append(kinds, pattern.kind)
		}
	}
	return kinds
}

// Kind returns the kind that the string alone tells: PlateUnknown where none
// fits and PlateCarOrMotorbikeOld where only the lines or the vehicle can
// tell.
func (p Plate) Kind() PlateKind {
	kinds := p.Kinds(0, "")
	switch {
	case len(kinds) == 0:
		return PlateUnknown
	case slices.Contains(kinds, PlateCar) && slices.Contains(kinds, PlateMotorbikeOld):
		return PlateCarOrMotorbikeOld
	default:
		return kinds[0]
	}
}

// Known says whether the plate fits a Vietnamese pattern. One that does not
// is warned about and allowed with a reason, never blocked.
func (p Plate) Known() bool { return len(p.fitting(0, "")) > 0 }

// Display returns the plate as it is written on the metal, two lines joined
// by a space (30A-123.45, 29-B1 456.78, 80-441-NG-02, TM-1234); the canonical
// form where no pattern fits. Where only lines or vehicle could tell, a car is
// assumed; see DisplayAs.
func (p Plate) Display() string { return p.DisplayAs(0, "") }

// DisplayAs is Display with the hints of Kinds.
func (p Plate) DisplayAs(lines int, class Class) string {
	for _, pattern := range p.fitting(lines, class) {
		return pattern.show(pattern.match(p))
	}
	return string(p)
}
