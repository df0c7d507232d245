// Package device holds what a gate commands besides its cameras, each behind
// a small interface and with a simulator.
//
// A barrier is only ever opened: no program closes one, because a program
// cannot see a child beneath the boom. Closing is the barrier's own business
// (its loop and its timer).
package device
