// Package state is what a gate knows: the cloud's state of the site with this
// gate's own facts laid over it until the cloud's feed covers them.
//
// A fact leaves the overlay when the feed entry that includes it has been
// applied, not when the cloud has acknowledged it; so what the guard sees
// never flickers back. Write returns when the disk has the facts and their
// effect; a barrier may open after it. Every start of the gate mints a new
// epoch, in which facts count 1, 2, 3… without a gap.
//
// The overlay is exact when this gate's uncovered facts about a stay come
// after the facts that the cloud folded into it. When another gate wrote a
// later fact about the same stay, the cloud's next feed entry settles it.
package state
