package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gatehouse/internal/demo/banks"
	"gatehouse/parking"
)

// The rhythm of drivers who pay with their telephone.
const (
	phoneLooks   = 300 * time.Millisecond
	phoneQuick   = 2 * time.Second
	phoneSlow    = 6 * time.Second
	phonePatient = 2 * time.Minute // for a cloud that is away
)

// phones are the telephones of the drivers at one gate: each pays the VietQR
// that its lane shows, a few seconds later, and the bank tells the cloud.
type phones struct {
	gate *gateAPI
	bank *banks.Bank
	rng  *mathrand.Rand
	out  io.Writer // what a bank was refused is told there
}

// run pays until ctx ends.
func (p *phones) run(ctx context.Context) {
	paid := map[string]bool{} // codes that are paid, or about to be
	var paying sync.WaitGroup
	defer paying.Wait()
	for sleep(ctx, phoneLooks) {
		lanes, err := p.gate.lanes(ctx)
		if err != nil {
			continue // it starts, or ends
		}
		for _, l := range lanes {
			if l.Subject == nil || l.Subject.QR == "" || paid[l.Subject.QR] {
				continue
			}
			paid[l.Subject.QR] = true
			code, err := parking.DecodeVietQR(l.Subject.QR)
			if err != nil {
				_, _ = fmt.Fprintf(p.out, "--   a telephone cannot read the VietQR of lane %s: %v\n", l.Lane.Code, err)
				continue
			}
			wait := phoneQuick + time.Duration(p.rng.Int64N(int64(phoneSlow-phoneQuick)))
			text := banks.Passed(p.rng, code.Memo)
			paying.Go(func() { p.pay(ctx, code, text, wait) })
		}
	}
}

func (p *phones) pay(ctx context.Context, code parking.VietQR, text string, wait time.Duration) {
	if !sleep(ctx, wait) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, phonePatient)
	defer cancel()
	err := p.bank.Tell(ctx, banks.Transfer{
		ID: p.bank.NewID(), Account: code.Account, Amount: code.Amount, Text: text, At: time.Now(),
	})
	if err != nil && ctx.Err() == nil {
		_, _ = fmt.Fprintf(p.out, "--   the cloud refused a bank's notice: %v\n", err)
	}
}

// bankSecret makes what a simulated bank signs with, and the file from which
// the cloud reads it.
func bankSecret(folder string) (file, secret string, err error) {
	secret = rand.Text()
	file = filepath.Join(folder, "bank.secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		return "", "", fmt.Errorf("write the bank's secret for the cloud: %w", err)
	}
	return file, secret, nil
}

// newBank is the bank of a demonstration: SePay, with a secret of its own.
func newBank(cloud func() string, secret string) *banks.Bank {
	return &banks.Bank{
		Cloud: cloud, Provider: banks.SePay, Proof: banks.Proof{Key: secret}, Client: &http.Client{Timeout: tellPatience},
	}
}
