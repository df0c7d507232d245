package parking

import "strconv"

// lineBuilder collects the lines of a fee. All texts go into one buffer, so
// that a quote costs two allocations: the lines, and their texts.
type lineBuilder struct {
	currency string
	sum      Money
	text     []byte
	drafts   []draftLine
}

// draftLine is a line whose texts are text[en:vi] and text[vi:next line].
type draftLine struct {
	code   LineCode
	amount Money
	en, vi int
}

// start forgets the lines of the stay before, and keeps their room.
func (b *lineBuilder) start(currency string) *lineBuilder {
	b.currency, b.sum, b.text, b.drafts = currency, 0, b.text[:0], b.drafts[:0]
	return b
}

func (b *lineBuilder) lines() []Line {
	all := string(b.text)
	out := make([]Line, len(b.drafts))
	for i, d := range b.drafts {
		end := len(all)
		if i+1 < len(b.drafts) {
			end = b.drafts[i+1].en
		}
		out[i] = Line{Code: d.code, Amount: d.amount, Text: Text{En: all[d.en:d.vi], Vi: all[d.vi:end]}}
	}
	return out
}

// en begins a line with its English text; vi must follow.
func (b *lineBuilder) en(code LineCode, amount Money, parts ...string) {
	b.sum += amount
	b.drafts = append(b.drafts, draftLine{code: code, amount: amount, en: len(b.text)})
	b.str(parts...)
}

// vi begins the Vietnamese text of the line.
func (b *lineBuilder) vi(parts ...string) {
	b.drafts[len(b.drafts)-1].vi = len(b.text)
	b.str(parts...)
}

func (b *lineBuilder) str(parts ...string) {
	for _, s := range parts {
		b.text = append(b.text, s...)
	}
}

func (b *lineBuilder) num(n int64)        { b.text = strconv.AppendInt(b.text, n, 10) }
func (b *lineBuilder) moneyEn(m Money)    { b.text = m.appendFormat(b.text, b.currency, "en") }
func (b *lineBuilder) moneyVi(m Money)    { b.text = m.appendFormat(b.text, b.currency, "vi") }
func (b *lineBuilder) dateEn(d LocalDate) { b.text = d.appendISO(b.text) }
func (b *lineBuilder) dateVi(d LocalDate) { b.text = d.appendVi(b.text) }
func (b *lineBuilder) clock(c ClockTime)  { b.text = c.append(b.text) }
func (b *lineBuilder) window(from, to ClockTime) {
	b.clock(from)
	b.str("–")
	b.clock(to)
}

func (b *lineBuilder) outBeforeIn() {
	b.en(LineWarning, 0, "The way out is before the way in: counted as 0 min")
	b.vi("Giờ ra trước giờ vào: tính là 0 phút")
}

func (b *lineBuilder) free(elapsed int64, grace Minutes) {
	b.en(LineFree, 0, "Free: ")
	b.num(elapsed)
	b.str(" min, up to ")
	b.num(int64(grace))
	b.str(" min cost nothing")
	b.vi("Miễn phí: ")
	b.num(elapsed)
	b.str(" phút, đến ")
	b.num(int64(grace))
	b.str(" phút không tính tiền")
}

func (b *lineBuilder) blockFirst(first Block) {
	b.en(LineBlockFirst, first.Price, "First ")
	b.num(int64(first.Length))
	b.str(" min")
	b.vi()
	b.num(int64(first.Length))
	b.str(" phút đầu")
}

func (b *lineBuilder) blockThen(then Block, n int64) {
	b.en(LineBlockThen, Money(n)*then.Price, "Then ")
	b.num(n)
	b.str(" × ")
	b.num(int64(then.Length))
	b.str(" min, ")
	b.moneyEn(then.Price)
	b.str(" each one begun")
	b.vi("Tiếp theo ")
	b.num(n)
	b.str(" × ")
	b.num(int64(then.Length))
	b.str(" phút, ")
	b.moneyVi(then.Price)
	b.str(" mỗi lần bắt đầu")
}

// turnNameVi is the Vietnamese name of the windows that nearly every park has;
// others are shown as the operator named them.
func turnNameVi(name string) string {
	switch name {
	case "day":
		return "ngày"
	case "night":
		return "đêm"
	}
	return name
}

func (b *lineBuilder) turn(w Turn, c *turnCharge) {
	b.en(LineTurn, Money(c.count)*w.Price, "Turn ", w.Name, " ")
	b.window(w.From, w.To)
	b.timesEn(c, w.Price)
	b.vi("Lượt ", turnNameVi(w.Name), " ")
	b.window(w.From, w.To)
	b.timesVi(c, w.Price)
}

func (b *lineBuilder) together(p Together, c *turnCharge) {
	b.en(LineTogether, Money(c.count)*p.Price, "Turns ", p.Of[0], " and ", p.Of[1], " together")
	b.timesEn(c, p.Price)
	b.vi("Lượt ", turnNameVi(p.Of[0]), " và ", turnNameVi(p.Of[1]), " tính chung")
	b.timesVi(c, p.Price)
}

// timesEn tells when, and how often if more than once.
func (b *lineBuilder) timesEn(c *turnCharge, price Money) {
	b.str(", ")
	b.dateEn(c.first)
	if c.count > 1 {
		b.str(" to ")
		b.dateEn(c.last)
		b.str(": ")
		b.num(c.count)
		b.str(" × ")
		b.moneyEn(price)
	}
}

func (b *lineBuilder) timesVi(c *turnCharge, price Money) {
	b.str(", ")
	b.dateVi(c.first)
	if c.count > 1 {
		b.str(" đến ")
		b.dateVi(c.last)
		b.str(": ")
		b.num(c.count)
		b.str(" × ")
		b.moneyVi(price)
	}
}

func (b *lineBuilder) holidayBlocks(percent int, n int64, extra Money) {
	b.holiday(percent, n, extra, " block(s) of time", " khoảng thời gian")
}

func (b *lineBuilder) holidayTurns(percent int, n int64, extra Money) {
	b.holiday(percent, n, extra, " turn(s)", " lượt")
}

func (b *lineBuilder) holiday(percent int, n int64, extra Money, whatEn, whatVi string) {
	b.en(LineHoliday, extra, "Holiday rate ")
	b.num(int64(percent))
	b.str("%: ")
	b.num(n)
	b.str(whatEn)
	b.vi("Giá ngày lễ ")
	b.num(int64(percent))
	b.str("%: ")
	b.num(n)
	b.str(whatVi)
}

func (b *lineBuilder) cap(c Cap, over Money) {
	perEn, perVi := " a day", " mỗi ngày"
	if c.Per == PerRolling24h {
		perEn, perVi = " each 24 hours", " mỗi 24 giờ"
	}
	b.en(LineCap, -over, "At most ")
	b.moneyEn(c.Price)
	b.str(perEn)
	b.vi("Tối đa ")
	b.moneyVi(c.Price)
	b.str(perVi)
}

func (b *lineBuilder) lostTicket(price Money) {
	b.en(LineLostTicket, price, "Lost ticket")
	b.vi("Mất vé")
}

func (b *lineBuilder) discount(code string, d Discount, off Money) {
	b.en(LineDiscount, -off, "Discount ", code, ", ")
	if d.Percent != nil {
		b.num(int64(*d.Percent))
		b.str("%")
	} else {
		b.str("up to ")
		b.moneyEn(*d.Amount)
	}
	b.vi("Giảm giá ", code, ", ")
	if d.Percent != nil {
		b.num(int64(*d.Percent))
		b.str("%")
	} else {
		b.str("tối đa ")
		b.moneyVi(*d.Amount)
	}
}

func (b *lineBuilder) passWhole(name string) {
	b.en(LinePass, 0, "Pass", spaceBefore(name), name, " covers the whole stay")
	b.vi("Vé tháng", spaceBefore(name), name, " còn hạn trong cả lượt gửi")
}

func (b *lineBuilder) passUntil(name string, d LocalDate, at ClockTime) {
	b.en(LinePass, 0, "Pass", spaceBefore(name), name, " covers the stay until ")
	b.dateEn(d)
	b.str(" ")
	b.clock(at)
	b.vi("Vé tháng", spaceBefore(name), name, " hết hạn lúc ")
	b.clock(at)
	b.str(" ")
	b.dateVi(d)
}

func spaceBefore(name string) string {
	if name == "" {
		return ""
	}
	return " "
}

// round adds the last line when the sum is no multiple of unit.
func (b *lineBuilder) round(unit Money) {
	if unit <= 1 {
		return
	}
	rounded := (2*b.sum + unit) / (2 * unit) * unit // half up; no sum is negative
	if rounded == b.sum {
		return
	}
	b.en(LineRounding, rounded-b.sum, "Rounded to a multiple of ")
	b.moneyEn(unit)
	b.vi("Làm tròn đến bội số của ")
	b.moneyVi(unit)
}
