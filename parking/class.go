package parking

// Class is a kind of vehicle, as tariffs, zones and lanes name it.
type Class string

// The classes that the product ships with. A site may price others.
const (
	Car       Class = "car"
	Motorbike Class = "motorbike"
	Bicycle   Class = "bicycle"
)

// Proof is what a driver must show at the exit, a policy per site and class.
type Proof string

// Exit proofs.
const (
	ProofTokenAndPlate Proof = "token+plate"
	ProofToken         Proof = "token"
	ProofPlate         Proof = "plate"
)

// DefaultProof is the exit proof of a class for which a site has set none:
// a card and the plate for two wheels, the plate for everything else.
func DefaultProof(c Class) Proof {
	if c == Motorbike || c == Bicycle {
		return ProofTokenAndPlate
	}
	return ProofPlate
}
