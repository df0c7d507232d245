// Package cloud is the cloud's program: it wires the rooms below it together.
// The whole starts inside a test; two of them on one database are two
// replicas.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/redis/go-redis/v9"

	"gatehouse/cloud/admin"
	"gatehouse/cloud/api"
	"gatehouse/cloud/auth"
	"gatehouse/cloud/bank"
	"gatehouse/cloud/books"
	"gatehouse/cloud/feed"
	"gatehouse/cloud/ingest"
	"gatehouse/cloud/passes"
	"gatehouse/cloud/photos"
	"gatehouse/cloud/settle"
	"gatehouse/cloud/slots"
	"gatehouse/cloud/store"
	"gatehouse/parking"
)

// Config is what the cloud needs.
type Config struct {
	DatabaseURL string // postgres://…, migrated (store.Migrate)
	RedisURL    string // redis://… or unix://…; "" works without, degraded
	PhotosDir   string
	// TrustedProxies are the networks (CIDR) whose X-Forwarded-For is believed.
	TrustedProxies []string
	ReservationTTL time.Duration // 0 for slots.DefaultTTL
	Now            func() time.Time
	Log            *slog.Logger
	Bank           bank.Secrets // of providers who tell of transfers
	Pace           int          // of the periods of feed and slots, for simulations of days; 0 for the protocol's
}

// Cloud is one replica.
type Cloud struct {
	Store *store.Store
	Auth  *auth.Service
	Hub   *feed.Hub

	cfg     Config
	slots   *slots.Service
	bank    *bank.Bank
	redis   *redis.Client // nil without one
	ingest  *ingest.Ingester
	handler http.Handler
	closing sync.Once
}

// Open connects and wires. Run it to serve the feed, Close it at the end.
func Open(ctx context.Context, cfg Config) (*Cloud, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cloud{cfg: cfg}
	client, err := openRedis(cfg.RedisURL)
	if err != nil {
		return nil, err
	}
	c.redis = client
	if c.Store, err = store.OpenPaced(ctx, cfg.DatabaseURL, cfg.Pace); err != nil {
		return nil, errors.Join(err, c.closeRedis())
	}
	if err := c.wire(); err != nil {
		c.Store.Close()
		return nil, errors.Join(err, c.closeRedis())
	}
	return c, nil
}

// The Redis library writes to standard error by itself, a line for every
// connection that fails. That Redis is away is the hub's to say, once.
var _ = silenceRedis()

func silenceRedis() struct{} {
	redis.SetLogger(silent{})
	return struct{}{}
}

type silent struct{}

// Printf drops the line.
func (silent) Printf(context.Context, string, ...any) {}

func openRedis(url string) (*redis.Client, error) {
	if url == "" {
		return nil, nil //nolint:nilnil // no address is no Redis
	}
	opts, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("the address of Redis cannot be read: it must look like redis://host:port/0")
	}
	// Nothing waits long for Redis: whatever it does, Postgres can do.
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = time.Second, time.Second, time.Second
	opts.MaxRetries, opts.DialerRetries = 1, 1
	return redis.NewClient(opts), nil
}

func (c *Cloud) wire() error {
	var universal redis.UniversalClient // a nil *Client in an interface would not be nil
	if c.redis != nil {
		universal = c.redis
	}
	c.Hub = feed.NewHub(feed.Config{Store: c.Store, Redis: universal, Now: c.cfg.Now, Log: c.cfg.Log, Loans: c.heardLoans, Pace: c.cfg.Pace})
	c.slots = slots.New(slots.Config{
		Store: c.Store, Redis: universal, Now: c.cfg.Now, TTL: c.cfg.ReservationTTL, Hint: c.Hub.Hint, Tell: c.Hub.Tell, Log: c.cfg.Log,
		Pace: c.cfg.Pace,
	})
	c.Store.OnCommit(c.Hub.Committed)
	c.Auth = auth.New(auth.Config{
		Store: c.Store, Redis: universal, Now: c.cfg.Now, Log: c.cfg.Log, GateRevoked: c.Hub.CutGate,
	})
	pictures, err := photos.Open(c.cfg.PhotosDir, c.Store, c.cfg.Now)
	if err != nil {
		return err
	}
	read := books.New(c.Store.Q)
	c.ingest = &ingest.Ingester{Store: c.Store, Log: c.cfg.Log}
	settler := &settle.Settler{Store: c.Store, Ingest: c.ingest, Auth: c.Auth, Now: c.cfg.Now}
	c.bank = bank.New(bank.Config{
		Store: c.Store, Ingest: c.ingest, Auth: c.Auth, Secrets: c.cfg.Bank, Now: c.cfg.Now, Log: c.cfg.Log, Pace: c.cfg.Pace,
	})
	keeper := &passes.Keeper{Store: c.Store, Ingest: c.ingest, Auth: c.Auth, Now: c.cfg.Now}
	json := &api.API{
		Store: c.Store, Auth: c.Auth, Feed: c.Hub, Photos: pictures, Now: c.cfg.Now, Log: c.cfg.Log, Ready: c.ready,
		Ingest: c.ingest, Books: read, Settle: settler,
		Slots: c.slots, Bank: c.bank, Passes: keeper,
	}
	pages, err := admin.New(admin.Config{
		Books: read, Settle: settler, Bank: c.bank, Passes: keeper, Auth: c.Auth, Watch: c.Hub.Watch, Photo: pictures.Open, ClockSuspect: c.Hub.ClockSuspect,
		Now: c.cfg.Now, Log: c.cfg.Log,
	})
	if err != nil {
		return fmt.Errorf("open the pages: %w", err)
	}
	c.Auth.PageError = pages.Fail
	return c.route(json, pages)
}

// route builds the router from the one table of routes.
func (c *Cloud) route(json *api.API, pages *admin.Pages) error {
	handlers := json.Handlers()
	for key, h := range pages.Handlers() {
		handlers[key] = h
	}
	r := chi.NewRouter()
	r.Use(api.RequestID, c.clientIP(), api.Log(c.cfg.Log), api.Recover(c.cfg.Log))
	r.NotFound(func(w http.ResponseWriter, req *http.Request) {
		if wantsPage(req) {
			pages.NotFound(w, req)
			return
		}
		api.NotFound(c.cfg.Log)(w, req)
	})
	r.MethodNotAllowed(api.WrongMethod(c.cfg.Log))
	if err := c.Auth.Mount(r, handlers); err != nil {
		return err
	}
	c.handler = r
	return nil
}

// clientIP finds out from where a request comes: the connection, unless that
// is a proxy that is trusted.
func (c *Cloud) clientIP() func(http.Handler) http.Handler {
	if len(c.cfg.TrustedProxies) == 0 {
		return middleware.ClientIPFromRemoteAddr
	}
	return middleware.ClientIPFromXFF(c.cfg.TrustedProxies...)
}

// wantsPage says whether a person looks at the answer.
func wantsPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	return strings.HasPrefix(r.Header.Get("Accept"), "text/html") || r.Header.Get("HX-Request") == "true"
}

// ready says whether the database answers.
func (c *Cloud) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := c.Store.Pool.Ping(ctx); err != nil {
		return parking.Errorf(parking.Unavailable, "The database does not answer. Try again in a moment.")
	}
	return nil
}

// heardLoans passes on what a gate says of loans.
func (c *Cloud) heardLoans(ctx context.Context, p feed.Peer, epoch parking.Epoch, note *parking.LoanNote) error {
	return c.slots.Heard(ctx, slots.Asker{Site: p.Site, Gate: p.Gate}, epoch, note)
}

// Handler serves the API and the pages.
func (c *Cloud) Handler() http.Handler { return c.handler }

// Run serves the feed and cleans up, until ctx ends.
func (c *Cloud) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { c.clean(ctx) })
	wg.Go(func() { c.ingest.ReplayAll(ctx, c.cfg.Now) }) // after an upgrade, more can be read
	wg.Go(func() { _ = c.slots.Run(ctx) })               // it ends with ctx only
	wg.Go(func() { c.bank.Run(ctx) })
	err := c.Hub.Run(ctx)
	wg.Wait()
	return err
}

// cleanEvery and keepTokens say how old ended tokens get. The store's upkeep is
// looked after as often: what there is to do once a month is then done in time,
// whichever replica runs.
const (
	cleanEvery = time.Hour
	keepTokens = 30 * 24 * time.Hour
)

func (c *Cloud) clean(ctx context.Context) {
	tick := time.NewTicker(cleanEvery)
	defer tick.Stop()
	for {
		if err := c.Store.Upkeep(ctx, c.cfg.Now()); err != nil && ctx.Err() == nil {
			c.cfg.Log.Warn("partitions and the feed's end cannot be looked after", "error", err)
		}
		if _, err := c.Store.Q.DropOldTokens(ctx, c.cfg.Now().UTC().Add(-keepTokens)); err != nil && ctx.Err() == nil {
			c.cfg.Log.Warn("ended tokens cannot be dropped", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Close says bye to the gates, waits for them until ctx ends, and lets go of
// everything. Closing twice is once.
func (c *Cloud) Close(ctx context.Context) error {
	var err error
	c.closing.Do(func() {
		c.Hub.Close(ctx)
		c.Store.Close()
		err = c.closeRedis()
	})
	return err
}

func (c *Cloud) closeRedis() error {
	if c.redis == nil {
		return nil
	}
	return c.redis.Close()
}
