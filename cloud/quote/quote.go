package quote

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse/parking"
	"gatehouse/tariffs"
)

// Quote is the command `cloud quote`: it prints the lines and the fee of a
// stay. The values are read in Run, so that every mistake in them is exit
// code 2 and a sentence.
type Quote struct {
	Tariff   string   `help:"Tariff file, YAML or JSON." placeholder:"FILE"`
	Class    string   `help:"Class of the vehicle, such as car." placeholder:"CLASS"`
	In       string   `help:"When it came in (RFC 3339)." placeholder:"TIME"`
	Out      string   `help:"When it was first seen at the exit (RFC 3339)." placeholder:"TIME"`
	Lost     bool     `help:"The ticket or card is lost."`
	Discount []string `help:"Discount code; may be repeated, each code counts once." sep:"none" placeholder:"CODE"`
	Paid     []string `help:"A payment, such as 5000@2027-01-01T09:00:00+07:00; may be repeated." sep:"none" placeholder:"AMOUNT@TIME"`
	Pass     []string `help:"A pass, up to UNTIL (RFC 3339), or with dates up to the end of its last day; may be repeated." sep:"none" placeholder:"FROM..UNTIL"`
	JSON     bool     `name:"json" help:"Print JSON."`
}

// Run prices the stay and prints to w.
func (c *Quote) Run(w io.Writer) error {
	tariff, err := readTariff(c.Tariff)
	if err != nil {
		return err
	}
	req, err := c.request(tariff)
	if err != nil {
		return err
	}
	q, err := tariff.Quote(req)
	if err != nil {
		return refused(err)
	}
	if c.JSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(q)
	}
	return printQuote(w, q)
}

func readTariff(path string) (*parking.Tariff, error) {
	if path == "" {
		return nil, invalid("Name the tariff file with --tariff FILE.")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &ExitError{Code: exitInvalid, Err: err, Message: fmt.Sprintf("The tariff file %s cannot be opened: %s.", path, reason(err))}
	}
	defer func() { _ = f.Close() }() // read only
	b, err := io.ReadAll(io.LimitReader(f, tariffs.MaxBytes+1))
	if err != nil {
		return nil, &ExitError{Code: exitInvalid, Err: err, Message: fmt.Sprintf("The tariff file %s cannot be read: %s.", path, reason(err))}
	}
	tariff, err := tariffs.Parse(b)
	if err != nil {
		return nil, &ExitError{Code: exitInvalid, Err: err, Message: path + ": " + parking.ErrorMessage(err)}
	}
	return tariff, nil
}

// reason is why a file could not be used, without its name.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func (c *Quote) request(tariff *parking.Tariff) (parking.QuoteRequest, error) {
	req := parking.QuoteRequest{Class: parking.Class(c.Class), Lost: c.Lost, Discounts: c.Discount}
	if c.Class == "" {
		return req, invalid("Name the class of the vehicle with --class, such as --class car.")
	}
	var err error
	if req.In, err = readTime("--in", c.In); err != nil {
		return req, err
	}
	if req.Out, err = readTime("--out", c.Out); err != nil {
		return req, err
	}
	for _, s := range c.Paid {
		p, err := readPaid(s)
		if err != nil {
			return req, err
		}
		req.Paid = append(req.Paid, p)
	}
	for _, s := range c.Pass {
		p, err := readPass(s, tariff)
		if err != nil {
			return req, err
		}
		req.Passes = append(req.Passes, p)
	}
	return req, nil
}

func readTime(flag, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, invalid("%s needs a time with its zone such as 2027-01-01T08:00:00+07:00, not %q.", flag, s)
	}
	return t, nil
}

func readPaid(s string) (parking.PaidAt, error) {
	amount, at, ok := strings.Cut(s, "@")
	n, err := strconv.ParseInt(amount, 10, 64)
	if !ok || err != nil || n <= 0 {
		return parking.PaidAt{}, invalid("--paid needs an amount above 0 and a time such as 5000@2027-01-01T09:00:00+07:00, not %q.", s)
	}
	t, err := readTime("--paid", at)
	return parking.PaidAt{Amount: parking.Money(n), At: t}, err
}

// readPass takes instants, UNTIL not included, or dates of the site, the last
// day included.
func readPass(s string, tariff *parking.Tariff) (parking.Period, error) {
	from, until, ok := strings.Cut(s, "..")
	if !ok {
		return parking.Period{}, invalid("--pass needs FROM..UNTIL, not %q.", s)
	}
	var p parking.Period
	var err error
	if p.From, err = readPassTime(from, tariff, 0); err != nil {
		return p, err
	}
	if p.Until, err = readPassTime(until, tariff, 1); err != nil {
		return p, err
	}
	if !p.From.Before(p.Until) {
		return p, invalid("--pass %s ends before it begins.", s)
	}
	return p, nil
}

func readPassTime(s string, tariff *parking.Tariff, daysAfter parking.LocalDate) (time.Time, error) {
	var d parking.LocalDate
	if err := d.UnmarshalText([]byte(s)); err != nil {
		return readTime("--pass", s)
	}
	t, err := tariff.DayStart(d + daysAfter)
	if err != nil {
		return t, refused(err)
	}
	return t, nil
}

func printQuote(w io.Writer, q parking.Quote) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(m parking.Money, text string) {
		_, _ = fmt.Fprintf(tw, "%s\t  %s\n", m.Format(q.Currency, "en"), text) // a failed write shows at Flush
	}
	for _, l := range q.Lines {
		row(l.Amount, l.Text.En+" · "+l.Text.Vi)
	}
	row(q.Fee, fmt.Sprintf("fee for %d min · phí cho %d phút", q.Minutes, q.Minutes))
	row(q.Due, "due · còn phải trả")
	return tw.Flush()
}
