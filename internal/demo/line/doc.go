// Package line is the line between a simulated gate and its cloud, and what
// may go wrong on it.
//
// Two kinds of line keep the same promises. A Proxy stands between the two
// and needs no rights: it holds back what is sent while the line is cut, and
// because it understands HTTP it can also lose the answer to a request that
// was delivered, and deliver a batch of facts several times. Namespaces gives
// cloud and gates machines of their own as far as the network goes, and lets
// the kernel drop the packets; that needs root, ip and nft.
//
// All of it stands outside of the programs: a gate and a cloud as they are
// shipped run at its ends.
package line

import "time"

// Trouble is what is wrong with a line now; the zero value is a good line.
type Trouble struct {
	CutOut bool          // what the gate sends does not arrive
	CutIn  bool          // what is sent to the gate does not arrive
	Delay  time.Duration // each way
	Loss   int           // percent of the packets, both ways; Namespaces only
	// LostAnswers is the percentage of requests that are delivered and whose
	// answer is lost; Proxy only.
	LostAnswers int
	// Copies is how often a batch of facts arrives at most: each time a random
	// number from 1, at once, perhaps at several replicas; Proxy only.
	Copies int
}

// Line is one gate's line.
type Line interface {
	// URL is the cloud's address as this gate is to be told it.
	URL() string
	// Set makes the line as bad as t from now on. An error says, in a
	// sentence, what this kind of line cannot do.
	Set(t Trouble) error
	// Close ends the line and everything on it.
	Close() error
}
