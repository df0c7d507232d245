// Package powercut holds the tests of one promise: a fact that the gate has
// acknowledged is on the disk and stays there, whatever ends the gate.
//
// A writer, a child process with a gate's store and state, writes facts as
// fast as it can and tells each one that was acknowledged through a pipe. It
// is killed at a random moment, or stopped and its disk copied as a cut of
// power would leave it: the disk is an ext4 in a file under a loop device, so
// that what nobody has synced is not yet in the file. What is left is opened
// again and every acknowledged fact must be there, once, in its place of the
// chain. Two controls see to it that the tests are not blind: the same cut
// must lose facts of a writer with synchronous=NORMAL, and the checker must
// find every kind of damage.
//
// What is not shown: a disk that loses or reorders, on its own, what it was
// handed before it was asked to flush. The copy has all that was handed over.
//
// The short form runs with all other tests. The long form, as root:
//
//	PARK_KILLS=1000 PARK_CUTS=100 go test -v -count=1 -timeout 1h ./internal/powercut
//
// PARK_SEED=N repeats the moments of a run that printed seed N; what the
// machine does between them differs from run to run.
package powercut
