package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"gatehouse/gate/lane"
	"gatehouse/gate/store"
	"gatehouse/gate/uplink"
	"gatehouse/parking"
)

type enrolCommand struct {
	Data  string `required:"" type:"path" help:"Data folder of the gate."`
	Cloud string `required:"" help:"Address of the cloud."`
	Code  string `required:"" help:"One-time code from the administrator."`
	Again bool   `help:"The machine was replaced: enrol this data folder once more as the gate that it is."`
}

// Run enrols the gate.
func (c *enrolCommand) Run(ctx context.Context) (err error) {
	s, err := store.Open(ctx, c.Data, store.Options{})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := s.Close(); err == nil {
			err = cerr
		}
	}()
	if id, err := s.Identity(); err == nil && !c.Again {
		return parking.Errorf(parking.Conflict, "This data folder is %s already. Take an empty folder for another gate, or add --again if its machine was replaced.", id)
	}
	id, err := uplink.Enrol(ctx, s, c.Cloud, c.Code, programVersion())
	if err != nil {
		return err
	}
	fmt.Println("Enrolled as", id)
	return nil
}

type statusCommand struct {
	Data string `required:"" type:"path" help:"Data folder of the gate."`
	JSON bool   `help:"Print what the gate answers as JSON."`
}

// Run asks the running gate how it is.
func (c *statusCommand) Run(ctx context.Context) error {
	body, err := ask(ctx, c.Data, http.MethodGet, "/v1/status", "", nil)
	if err != nil {
		return err
	}
	return c.print(body)
}

func (c *statusCommand) print(body []byte) error {
	if c.JSON {
		_, err := os.Stdout.Write(body)
		return err
	}
	var s struct {
		Site   string       `json:"site"`
		Gate   parking.Gate `json:"gate"`
		Guard  *lane.Guard  `json:"guard"`
		Link   lane.Link    `json:"link"`
		Vision lane.Worker  `json:"vision"`
		Disk   lane.Worker  `json:"disk"`
		Inside int          `json:"inside"`
		// What stands wrong at the gate.
		Troubles []lane.Trouble `json:"troubles"`
		AsksTime bool           `json:"asks_time"`

		Neighbours []lane.Neighbour `json:"neighbours"`
		Taken      []lane.Taken     `json:"taken"`
		NearLoans  []lane.NearLoan  `json:"near_loans"`
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("read the gate's answer: %w", err)
	}
	guard := "nobody"
	if s.Guard != nil {
		guard = s.Guard.Display
	}
	fmt.Printf("gate    %s (%s) of %s\nguard   %s\ncloud   %s, %d facts waiting, %d ms\n",
		s.Gate.Code, s.Gate.Name, s.Site, guard, s.Link.State, s.Link.Queue, s.Link.RTT.Milliseconds())
	fmt.Printf("inside  %d vehicles\nvision  %s\ndisk    %s\n", s.Inside, wellOr(s.Vision), wellOr(s.Disk))
	if s.Link.Why != "" {
		fmt.Printf("link    %s\n", s.Link.Why)
	}
	writeNeighbours(os.Stdout, s.Neighbours)
	for _, t := range s.Taken {
		fmt.Printf("runs    %s of gate %s since %s (%s)\n", strings.Join(t.Lanes, ", "), t.Gate, t.At.Format(time.RFC3339), t.By)
	}
	printNearLoans(s.NearLoans, s.Gate.Code)
	if s.AsksTime {
		fmt.Println("clock   dead; the guard should say what time it is (F9)")
	}
	for _, t := range s.Troubles {
		fmt.Printf("wrong   %s\n", t.Text)
	}
	return nil
}

// writeNeighbours says which other gates are heard, and how far behind each is.
func writeNeighbours(w io.Writer, list []lane.Neighbour) {
	if len(list) == 0 {
		return
	}
	heard, all := lane.HeardOf(list)
	_, _ = fmt.Fprintf(w, "near    %d of %d neighbours heard\n", heard, all)
	for _, n := range list {
		since := "never"
		if !n.Since.IsZero() {
			since = n.Since.Format(time.RFC3339)
		}
		if n.Heard {
			_, _ = fmt.Fprintf(w, "        %s heard since %s at %s, lacks %d facts, has %d more\n", n.Gate, since, cmp.Or(n.Address, "its own call"), n.Behind, n.Ahead)
		} else {
			_, _ = fmt.Fprintf(w, "        %s not heard since %s\n", n.Gate, since)
		}
	}
}

// printNearLoans says which slots are lent to and from this gate without the
// cloud.
func printNearLoans(list []lane.NearLoan, gate string) {
	for _, l := range list {
		text := fmt.Sprintf("from gate %s", l.From)
		if l.From == gate {
			text = fmt.Sprintf("to gate %s", l.To)
		}
		if l.Back {
			text += ", given back"
		}
		fmt.Printf("lent    %s %s\n", l.Slot, text)
	}
}

func wellOr(w lane.Worker) string {
	if w.OK {
		return "good"
	}
	return w.Why
}
