package neighbour

import (
	"encoding/json"
	"time"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// Bounds of what is taken from a neighbour.
const (
	maxHelloBytes = 1 << 20
	maxRuns       = 20_000 // epochs in a vector of what is held
	maxWants      = 64     // thumbnails that are asked for at once
	// saidRuns is how many runs of each gate are named in a greeting: of an older
	// one the answer to a batch tells.
	saidRuns = 200
)

// The requests of the link.
const (
	pathHello  = "/neighbour/v1/hello"
	pathFacts  = "/neighbour/v1/facts"
	pathThumbs = "/neighbour/v1/thumbs/"
	pathSlots  = "/neighbour/v1/slots"
)

// Hello is what both sides say of themselves.
type Hello struct {
	Gate    string        `json:"gate"`
	Epoch   parking.Epoch `json:"epoch"` // of the run that speaks
	Time    time.Time     `json:"time"`  // for a person to read; never believed
	Version string        `json:"version"`
	FeedSeq int64         `json:"feed_seq"` // the last entry of the feed that was applied
	Port    int           `json:"port"`     // where the speaker can be reached; 0 for nowhere
	Held    state.Held    `json:"held"`
	Wants   []string      `json:"wants,omitempty"` // thumbnails that the speaker does not have
	// Devices are what stands at the speaker's own lanes: whoever takes them over
	// when its machine is dead needs to know. Runs are the lanes of other gates that
	// the speaker has taken over, as "N/1".
	Devices *state.Devices `json:"devices,omitempty"`
	Runs    []string       `json:"runs,omitempty"`
}

// FactsAnswer says up to where the batch's run is held now.
type FactsAnswer struct {
	Gate  string        `json:"gate"`
	Epoch parking.Epoch `json:"epoch"`
	Held  int64         `json:"held"`
}

// parseHello reads what a neighbour says of itself, or refuses it with a
// sentence.
func parseHello(raw []byte) (Hello, error) {
	var h Hello
	if len(raw) > maxHelloBytes {
		return h, parking.Errorf(parking.TooLarge, "The greeting has more than %d bytes.", maxHelloBytes)
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return h, parking.Errorf(parking.Invalid, "The greeting is not JSON as agreed: %s.", err)
	}
	if err := parking.ValidCode("gate", h.Gate); err != nil {
		return h, err
	}
	runs := 0
	for gate, epochs := range h.Held {
		if parking.ValidCode("gate", gate) != nil {
			return h, parking.Errorf(parking.Invalid, "What is held is said of something that is no gate.")
		}
		for epoch, seq := range epochs {
			if !epoch.Valid() || seq < 0 {
				return h, parking.Errorf(parking.Invalid, "What is held of gate %s is said of something that is no run.", gate)
			}
		}
		runs += len(epochs)
	}
	switch {
	case !h.Epoch.Valid() || h.FeedSeq < 0 || h.Port < 0 || h.Port > 65535 || len(h.Version) > 100:
		return h, parking.Errorf(parking.Invalid, "The greeting is not as agreed.")
	case runs > maxRuns || len(h.Wants) > maxWants:
		return h, parking.Errorf(parking.TooLarge, "The greeting names too much at once.")
	}
	for _, sha := range h.Wants {
		if !store.ValidSHA256(sha) {
			return h, parking.Errorf(parking.Invalid, "The greeting asks for something that is no picture.")
		}
	}
	return h, h.validateLanes()
}

// validateLanes checks what is said of devices, and of lanes of other gates.
func (h *Hello) validateLanes() error {
	if h.Devices != nil {
		if err := h.Devices.Validate(); err != nil {
			return err
		}
	}
	if len(h.Runs) > parking.MaxLanes {
		return parking.Errorf(parking.TooLarge, "A gate runs at most %d lanes.", parking.MaxLanes)
	}
	for _, name := range h.Runs {
		if err := parking.ValidLane(name); err != nil {
			return err
		}
	}
	return nil
}

// parseBatch reads a batch; whether it is signed is for the state to say.
func parseBatch(raw []byte) (*wire.Batch, error) {
	if len(raw) > wire.MaxBatchBytes {
		return nil, parking.Errorf(parking.TooLarge, "The batch has more than %d bytes.", wire.MaxBatchBytes)
	}
	b := new(wire.Batch)
	if err := json.Unmarshal(raw, b); err != nil {
		return nil, parking.Errorf(parking.Invalid, "The batch is not JSON as agreed: %s.", err)
	}
	return b, nil
}

// parseAnswer reads the answer to a batch.
func parseAnswer(raw []byte, b *wire.Batch) (FactsAnswer, error) {
	var a FactsAnswer
	if err := json.Unmarshal(raw, &a); err != nil || a.Gate != b.Gate || a.Epoch != b.Epoch || a.Held < 0 {
		return a, parking.Errorf(parking.Invalid, "The neighbour's answer is not as agreed.")
	}
	return a, nil
}

// hello is what this gate says of itself.
func (n *Neighbours) hello() Hello {
	wants := n.state.ThumbsMissing()
	var runs []string
	for _, t := range n.state.Taken() {
		runs = append(runs, t.Names()...)
	}
	return Hello{
		Gate: n.state.Gate(), Epoch: n.state.Epoch(), Time: n.state.Clock().Now(), Version: n.version(), FeedSeq: n.state.Site().FeedSeq,
		Port: n.port(), Held: n.state.Held().Newest(saidRuns), Wants: wants[:min(len(wants), maxWants)],
		Devices: n.cfg.Devices, Runs: runs[:min(len(runs), parking.MaxLanes)],
	}
}
