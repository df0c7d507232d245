// Package ledger is what simulated drivers know for themselves: when they went
// in and out, and what money they handed over. At the end of a simulation the
// site's books are compared with it.
//
// The books are read as anybody can read them: the cloud's canonical export
// (Books) and the facts on each gate's disk (Disk). Check names every
// difference; a fact that was lost, or that counted twice, is one.
package ledger
