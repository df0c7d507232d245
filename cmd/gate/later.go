package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/google/uuid"

	"gatehouse/gate/lane"
	"gatehouse/parking"
)

type paperCommand struct {
	Data   string `required:"" type:"path" help:"Data folder of the gate."`
	Lane   string `required:"" help:"Lane where the vehicle came in or left."`
	Number string `required:"" help:"Number of the paper ticket."`
	Plate  string `help:"Plate of the vehicle."`
	Class  string `help:"Class of the vehicle; the lane's if not given."`
	To     string `help:"Slot or counted zone in which it stands."`
	In     string `placeholder:"TIME" help:"When it came in, in the site's local time: '2026-11-22 17:40'."`
	Out    string `placeholder:"TIME" help:"When it left; without --in it is looked for among those inside."`
	Paid   int64  `help:"What was taken in cash when it left, in the smallest unit of the currency."`
	Actor  string `help:"Who enters it."`
	JSON   bool   `help:"Print the stay as JSON."`
}

// Run enters a paper ticket at the running gate.
func (c *paperCommand) Run(ctx context.Context) error {
	body, err := json.Marshal(map[string]any{
		"id": uuid.Must(uuid.NewV7()), "lane": c.Lane, "number": c.Number, "plate": c.Plate, "class": c.Class, "to": c.To,
		"in": c.In, "out": c.Out, "paid": c.Paid, "actor": c.Actor,
	})
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	answer, err := ask(ctx, c.Data, http.MethodPost, "/v1/paper", "application/json", body)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = os.Stdout.Write(answer)
		return err
	}
	var done struct {
		parking.Stay
		Tariff parking.Money `json:"fee_by_tariff"`
	}
	if err := json.Unmarshal(answer, &done); err != nil {
		return fmt.Errorf("read the gate's answer: %w", err)
	}
	became := "is " + string(done.State)
	if done.State == parking.Left {
		became = "has left"
	}
	fmt.Printf("ticket %s: %s %s (stay %s)\n", c.Number, shown(&done.Stay), became, done.ID)
	if done.Charge != nil && done.Charge.Fee != done.Tariff && done.InAt != nil {
		fmt.Printf("taken %d; by the tariff it was %d: the cloud shows the difference to a person\n", done.Charge.Fee, done.Tariff)
	}
	return nil
}

// shown names a vehicle in a line.
func shown(s *parking.Stay) string {
	switch {
	case s.Display != "":
		return s.Display
	case s.Plate != "":
		return string(s.Plate)
	case s.Token != "":
		return "card " + s.Token
	}
	return string(s.Class)
}

// where names the place in which a vehicle stands by the books.
func where(s *parking.Stay) string {
	switch {
	case s.Slot != "":
		return "slot " + s.Slot
	case s.Zone != "":
		return "zone " + s.Zone
	}
	return "no place"
}

type inventoryCommand struct {
	Data  string `required:"" type:"path" help:"Data folder of the gate."`
	Zone  string `required:"" help:"Zone through which the walk went."`
	Walk  string `help:"UUID of the walk; give the same one again after a failure."`
	Actor string `help:"Who walked."`
	JSON  bool   `help:"Print what became of it as JSON."`
	File  string `arg:"" help:"CSV with the columns plate, class, slot, token; - for the standard input."`
}

// Run brings the list of a walk to the running gate.
func (c *inventoryCommand) Run(ctx context.Context) error {
	list, err := c.read()
	if err != nil {
		return err
	}
	walk := uuid.Must(uuid.NewV7())
	if c.Walk != "" {
		if walk, err = uuid.Parse(c.Walk); err != nil {
			return parking.Errorf(parking.Invalid, "%q is no UUID.", c.Walk)
		}
	}
	path := "/v1/inventories/" + url.PathEscape(c.Zone) + "/" + walk.String() + "?actor=" + url.QueryEscape(c.Actor)
	answer, err := ask(ctx, c.Data, http.MethodPut, path, "text/csv", list)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = os.Stdout.Write(answer)
		return err
	}
	var done struct {
		Known     int            `json:"known"`
		LetIn     []parking.Stay `json:"let_in"`
		Elsewhere []parking.Stay `json:"elsewhere"`
		Missing   []parking.Stay `json:"missing"`
	}
	if err := json.Unmarshal(answer, &done); err != nil {
		return fmt.Errorf("read the gate's answer: %w", err)
	}
	fmt.Printf("walk %s: %d let in, %d known, %d elsewhere by the books, %d not found\n",
		walk, len(done.LetIn), done.Known, len(done.Elsewhere), len(done.Missing))
	for i := range done.Elsewhere {
		s := &done.Elsewhere[i]
		fmt.Printf("elsewhere  %s: by the books in %s\n", shown(s), where(s))
	}
	for i := range done.Missing {
		s := &done.Missing[i]
		fmt.Printf("not found  %s: by the books in %s\n", shown(s), where(s))
	}
	return nil
}

// read reads the list, and refuses one that the gate would refuse.
func (c *inventoryCommand) read() ([]byte, error) {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, parking.Errorf(parking.NotFound, "The file %s cannot be read.", c.File)
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	return io.ReadAll(io.LimitReader(in, lane.MaxWalkFile+1))
}
