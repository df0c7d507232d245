// Package parking is the domain: plates, zones, slots, lanes, tokens, stays,
// tariffs, money, payments and facts, as plain values and pure functions.
//
// It imports the standard library and uuid only, reads no clock, no disk and
// no network, so that the gate and the cloud compute the same answer from the
// same facts. Everything that happened is a Fact; everything else (a stay, a
// placement, what is owed) is folded from facts.
package parking
