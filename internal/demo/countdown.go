package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/muesli/cancelreader"
)

// countdown shows how many seconds are left, on one line, and returns when
// they are over or Enter is pressed. format takes the seconds. Whatever else
// is typed afterwards stays for the next reader of the terminal.
func countdown(ctx context.Context, format string, wait time.Duration) (err error) {
	keys, err := cancelreader.NewReader(os.Stdin)
	if err != nil {
		return fmt.Errorf("listen to the keyboard: %w", err)
	}
	entered, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		if _, err := bufio.NewReaderSize(keys, 16).ReadString('\n'); err == nil {
			close(entered)
		}
	}()
	defer func() {
		keys.Cancel()
		<-gone
		err = errors.Join(err, keys.Close())
		_, _ = fmt.Fprintln(os.Stdout)
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for left := wait; left > 0; left -= time.Second {
		_, _ = fmt.Fprintf(os.Stdout, "\r"+format, int(left/time.Second))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-entered:
			return nil
		case <-tick.C:
		}
	}
	return nil
}
