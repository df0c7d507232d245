package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"gatehouse/internal/demo/banks"
	"gatehouse/parking"
)

// tellPatience bounds one request of a simulated bank.
const tellPatience = 10 * time.Second

type bankCommand struct {
	QR string `arg:"" name:"qr" help:"Text of the VietQR that is paid, as the console draws it and the page shows it."`

	Cloud      string        `required:"" help:"Address of the cloud, as http://127.0.0.1:8080." placeholder:"URL"`
	Provider   string        `enum:"sepay,casso,payos" default:"sepay" help:"Who tells the cloud: sepay, casso or payos."`
	Secret     string        `env:"PARK_BANK_SECRET" help:"What the provider signs with, as the cloud has it." placeholder:"KEY"`
	SecretFile string        `type:"existingfile" help:"File that holds it." placeholder:"FILE"`
	APIKey     bool          `name:"api-key" help:"The secret is SePay's API key: it is sent, and nothing is signed."`
	Amount     parking.Money `help:"Another sum than the code asks for." placeholder:"N"`
	Account    string        `help:"Another account than the code names." placeholder:"A"`
	Text       string        `help:"Another purpose than the code's, as the bank passes it on." placeholder:"TEXT"`
	Out        bool          `help:"The money left the account."`
	ID         int64         `name:"id" help:"The provider's id of the transfer; the same again is the same transfer. 0: a new one." placeholder:"N"`
	At         string        `help:"When the bank has booked it (RFC 3339); now, if not given." placeholder:"TIME"`
	After      time.Duration `help:"How long after now the cloud is told." placeholder:"TIME"`
	Times      int           `default:"1" help:"How often it is told." placeholder:"N"`
	SignedAgo  time.Duration `help:"How old the signature is." placeholder:"TIME"`
	Tamper     bool          `help:"Change what was signed after it was signed."`
}

// Help is the long help of the command.
func (c *bankCommand) Help() string {
	return `Pays a VietQR as a driver's bank would, and tells the cloud of it as SePay, Casso or payOS do: signed, and again until the cloud has taken it. With the flags it tells what must not count: another sum, another account, money that left, the same transfer twice, an old or a wrong signature. The cloud answers each time; the exit status is 1 if it refused.

The cloud must know the secret (PARK_SEPAY_SECRET, PARK_CASSO_KEY, PARK_PAYOS_KEY).

Examples:
  parksim bank --cloud http://127.0.0.1:8080 --secret-file sepay.secret "$(cloud vietqr --bin 970436 --account 0011001234567 --amount 5000 --memo NA1B2C3D4E)"
  parksim bank --cloud http://127.0.0.1:8080 --secret KEY --amount 3000 QR      too little: a person decides
  parksim bank --cloud http://127.0.0.1:8080 --secret KEY --times 2 --id 7 QR   told twice: counts once`
}

// Run tells the cloud of one transfer.
func (c *bankCommand) Run(ctx context.Context) error {
	transfer, err := c.transfer()
	if err != nil {
		return err
	}
	secret, err := c.secret()
	if err != nil {
		return err
	}
	if c.Times < 1 || c.After < 0 {
		return errors.New("--times takes 1 or more, and --after no time that has passed")
	}
	bank := &banks.Bank{
		Cloud: func() string { return c.Cloud }, Provider: banks.Provider(c.Provider),
		Proof: banks.Proof{Key: secret, APIKey: c.APIKey}, Client: &http.Client{Timeout: tellPatience},
	}
	if transfer.ID == 0 {
		transfer.ID = bank.NewID()
	}
	if c.After > 0 && !sleep(ctx, c.After) {
		return nil
	}
	for range c.Times {
		if err := c.tell(ctx, bank, transfer); err != nil {
			return err
		}
		fmt.Printf("%s told of transfer %d: %s of %s, %q; the cloud has taken it.\n",
			c.Provider, transfer.ID, dong(transfer.Amount), transfer.Account, transfer.Text)
	}
	return nil
}

// tell tells it as it was asked for: once where it is to be refused.
func (c *bankCommand) tell(ctx context.Context, bank *banks.Bank, t banks.Transfer) error {
	if c.SignedAgo == 0 && !c.Tamper {
		return bank.Tell(ctx, t)
	}
	n, err := t.Notice(bank.Provider, bank.Proof, time.Now().Add(-c.SignedAgo))
	if err != nil {
		return err
	}
	if c.Tamper {
		more := t
		more.Amount++
		other, err := more.Notice(bank.Provider, banks.Proof{Key: "another"}, time.Now())
		if err != nil {
			return err
		}
		n.Body = other.Body
	}
	return bank.Send(ctx, n)
}

// transfer is the one that the command line describes.
func (c *bankCommand) transfer() (banks.Transfer, error) {
	code, err := parking.DecodeVietQR(c.QR)
	if err != nil {
		return banks.Transfer{}, fmt.Errorf("the VietQR cannot be read: %w", err)
	}
	t := banks.Transfer{ID: c.ID, Account: code.Account, Amount: code.Amount, Text: code.Memo, Out: c.Out, At: time.Now()}
	if c.Amount != 0 {
		t.Amount = c.Amount
	}
	if c.Account != "" {
		t.Account = c.Account
	}
	if c.Text != "" {
		t.Text = c.Text
	}
	if c.At != "" {
		if t.At, err = time.Parse(time.RFC3339, c.At); err != nil {
			return t, fmt.Errorf("--at takes a time as 2026-11-23T09:15:00+07:00: %w", err)
		}
	}
	if t.Amount <= 0 {
		return t, errors.New("the code names no sum; give one with --amount")
	}
	return t, nil
}

func (c *bankCommand) secret() (string, error) {
	if c.SecretFile == "" {
		if c.Secret == "" {
			return "", errors.New("give the provider's secret by --secret-file, --secret or PARK_BANK_SECRET")
		}
		return c.Secret, nil
	}
	raw, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return "", fmt.Errorf("read the provider's secret: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}
