package lane

import "time"

// Neighbour is another gate of the site, as this one hears it over the local
// network.
type Neighbour struct {
	Gate    string    `json:"gate"`
	Heard   bool      `json:"heard"`
	Since   time.Time `json:"since"` // heard, or not heard, since then; zero for never
	Address string    `json:"address,omitempty"`
	Version string    `json:"version,omitempty"`
	Behind  int64     `json:"behind"` // facts that this gate has and the neighbour does not
	Ahead   int64     `json:"ahead"`  // facts that the neighbour has and this gate does not
	// Runs are lanes of other gates that it has taken over, as "N/1".
	Runs []string `json:"runs,omitempty"`
}

// Heard says whether a gate is among those that are heard.
func Heard(list []Neighbour, gate string) bool {
	for _, n := range list {
		if n.Gate == gate {
			return n.Heard
		}
	}
	return false
}

// HeardOf counts the neighbours that are heard, and all that there are.
func HeardOf(list []Neighbour) (heard, all int) {
	for _, n := range list {
		if n.Heard {
			heard++
		}
	}
	return heard, len(list)
}
