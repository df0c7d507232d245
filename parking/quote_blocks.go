package parking

// blocks adds the lines for elapsed minutes from start, by blocks. Block 1
// starts at start; block k+1 at start + first + (k−1)·then.
func (p *pricing) blocks(start, elapsed int64) {
	b, bl := &p.lines, p.class.Blocks
	more := bl.after(elapsed)
	b.blockFirst(bl.First)
	if more > 0 {
		b.blockThen(bl.Then, more)
	}
	if p.class.Cap == nil && p.tariff.Holidays == nil {
		return
	}
	w := &p.block
	*w = blockWalk{pricing: p, start: start, elapsed: elapsed, count: 1 + more}
	w.walk()
	if w.holidayExtra != 0 {
		b.holidayBlocks(p.tariff.Holidays.Percent, w.holidayBlocks, w.holidayExtra)
	}
	if w.over > 0 {
		b.cap(*p.class.Cap, w.over)
	}
}

// after is how many blocks of Then are started once elapsed minutes are over.
func (bl *Blocks) after(elapsed int64) int64 {
	first, then := int64(bl.First.Length), int64(bl.Then.Length)
	if elapsed <= first {
		return 0
	}
	return (elapsed - first + then - 1) / then
}

// blockWalk goes through the blocks of a stay in runs that share a date and a
// span of the cap.
type blockWalk struct {
	*pricing
	start, elapsed, count int64

	holidayBlocks int64
	holidayExtra  Money // what the holiday percentage adds (or takes away)
	over          Money // what the cap takes off
	// Two spans of the cap are open at a time: where clocks go back over
	// midnight, a date comes back once.
	open [2]capSpan
}

type capSpan struct {
	key  int64
	sum  Money
	used bool
}

func (w *blockWalk) walk() {
	for k := int64(0); k < w.count; {
		k = w.run(k)
	}
	for _, s := range w.open {
		w.close(s)
	}
}

// run counts the blocks from k on that start on the same date and in the same
// span of the cap, and returns the number of the first one after them.
func (w *blockWalk) run(k int64) int64 {
	bl, limit := w.class.Blocks, w.class.Cap
	minute := bl.startOf(k)
	end := max(w.elapsed, 1) // in minutes after start, like minute
	key := minute / minutesPerDay
	holiday := false
	if limit != nil && limit.Per == PerRolling24h {
		end = min(end, (key+1)*minutesPerDay)
	}
	if w.tariff.Holidays != nil || limit != nil && limit.Per == PerCalendarDay {
		date, until := w.clock.dateUntil(w.start + minute*60)
		end = min(end, (until-w.start+59)/60)
		holiday = w.tariff.Holidays.has(date)
		if limit != nil && limit.Per == PerCalendarDay {
			key = int64(date)
		}
	}
	next := max(k+1, min(w.count, 1+bl.after(end)))
	firsts, thens := Money(0), Money(next-k)
	if k == 0 {
		firsts, thens = 1, thens-1
	}
	sum := firsts*bl.First.Price + thens*bl.Then.Price
	if holiday {
		percent := w.tariff.Holidays.Percent
		base := sum
		sum = firsts*bl.First.Price.percentOf(percent) + thens*bl.Then.Price.percentOf(percent)
		w.holidayBlocks += next - k
		w.holidayExtra += sum - base
	}
	if limit != nil {
		w.add(key, sum)
	}
	return next
}

// startOf is when block k (counted from 0) starts, in minutes after the stay.
func (bl *Blocks) startOf(k int64) int64 {
	if k == 0 {
		return 0
	}
	return int64(bl.First.Length) + (k-1)*int64(bl.Then.Length)
}

func (w *blockWalk) add(key int64, sum Money) {
	for i := range w.open {
		if w.open[i].used && w.open[i].key == key {
			w.open[i].sum += sum
			return
		}
	}
	w.close(w.open[1])
	w.open[1] = w.open[0]
	w.open[0] = capSpan{key: key, sum: sum, used: true}
}

func (w *blockWalk) close(s capSpan) {
	if s.used {
		w.over += max(0, s.sum-w.class.Cap.Price)
	}
}
