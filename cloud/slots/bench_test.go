package slots_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/cloud/slots"
	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/private/privatetest/cloudtest"
)

// BenchmarkPlan reserves and gives back with 32 clients: with Redis, without,
// and with one that is killed under the load. p50 and p99 are of one plan.
func BenchmarkPlan(b *testing.B) {
	for _, name := range []string{"with Redis", "without Redis", "Redis killed"} {
		b.Run(name, func(b *testing.B) { benchmarkPlan(b, name) })
	}
}

func benchmarkPlan(b *testing.B, name string) {
	site := cloudtest.NewSite(b, nil)
	if _, err := site.Store.Pool.Exec(b.Context(), "UPDATE slots SET home_gate = 'N'"); err != nil {
		b.Fatal(err)
	}
	var codes []string
	if err := site.Store.Pool.QueryRow(b.Context(), "SELECT array_agg(code ORDER BY code) FROM slots").Scan(&codes); err != nil {
		b.Fatal(err)
	}
	cfg := slots.Config{Store: site.Store, Now: time.Now}
	own := privatetest.OwnRedis(b)
	if name != "without Redis" {
		opts, err := redis.ParseURL(own.URL())
		if err != nil {
			b.Fatal(err)
		}
		opts.MaxRetries, opts.DialerRetries = 1, 1
		client := redis.NewClient(opts)
		defer func() { _ = client.Close() }() // it may be gone
		cfg.Redis = client
	}
	service, asker := slots.New(cfg), slots.Asker{Site: site.ID, Gate: "N"}
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	b.ResetTimer()
	var clients sync.WaitGroup
	for id := range linearClients {
		clients.Go(func() {
			slot := codes[id%len(codes)]
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if name == "Redis killed" && n == int64(b.N/2) {
					if err := own.Kill(); err != nil {
						b.Error(err)
					}
				}
				began := time.Now()
				r, err := service.Reserve(context.Background(), asker, slot)
				d := time.Since(began)
				if err != nil {
					continue // its own key may linger in a Redis that was cut
				}
				if err := service.Release(context.Background(), asker, slot, r.Token); err != nil {
					b.Error(err)
				}
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	b.StopTimer()
	if len(took) == 0 {
		b.Fatal("nothing was granted")
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "plans/s")
}
