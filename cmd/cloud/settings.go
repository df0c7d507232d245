package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"gatehouse/cloud/bank"
	"gatehouse/parking"
)

// databaseFlags say where Postgres is. Secrets may come from a file, so that
// they stand in no process list and no environment.
type databaseFlags struct {
	Database     string `help:"Address of Postgres, postgres://user:password@host/database." env:"PARK_DATABASE_URL" placeholder:"URL"`
	DatabaseFile string `help:"File that holds this address." env:"PARK_DATABASE_URL_FILE" placeholder:"FILE"`
}

func (d *databaseFlags) url() (string, error) {
	return secret(d.Database, d.DatabaseFile, "Name the database with --database, PARK_DATABASE_URL or PARK_DATABASE_URL_FILE.")
}

// secret is a value, or what is in the file. missing is the sentence when
// there is neither; "" allows that.
func secret(value, file, missing string) (string, error) {
	if value == "" && file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", parking.Errorf(parking.Invalid, "The file %s cannot be read.", file)
		}
		value = strings.TrimSpace(string(b))
	}
	if value == "" && missing != "" {
		return "", parking.Errorf(parking.Invalid, "%s", missing)
	}
	return value, nil
}

// serveFlags are the settings of the server.
type serveFlags struct {
	databaseFlags
	Redis        string   `help:"Address of Redis, redis://host:port/0; without one the cloud works degraded." env:"PARK_REDIS_URL" placeholder:"URL"`
	RedisFile    string   `help:"File that holds this address." env:"PARK_REDIS_URL_FILE" placeholder:"FILE"`
	Listen       string   `help:"Address to listen at; port 0 takes a free one." default:"127.0.0.1:8080" env:"PARK_LISTEN"`
	AddrFile     string   `help:"File into which the address is written once it listens, as a URL." placeholder:"FILE"`
	Photos       string   `help:"Folder of the photos." default:"photos" env:"PARK_PHOTOS" placeholder:"DIR"`
	TrustedProxy []string `help:"Network of a proxy whose X-Forwarded-For is believed; may be repeated." env:"PARK_TRUSTED_PROXY" placeholder:"CIDR"`
	LogLevel     string   `help:"Least level of what is logged." enum:"debug,info,warn,error" default:"info" env:"PARK_LOG_LEVEL"`
	bankFlags
	ShutdownGrace int `help:"Seconds that requests under way have when told to stop." default:"10" env:"PARK_SHUTDOWN_GRACE_S"`
}

// bankFlags are the secrets of providers who tell of transfers (docs/BANK.md).
type bankFlags struct {
	SepayAPIKey     string `name:"sepay-api-key" help:"API key with which SePay proves its notices." env:"PARK_SEPAY_API_KEY" placeholder:"KEY"`
	SepayAPIKeyFile string `name:"sepay-api-key-file" help:"File that holds it." env:"PARK_SEPAY_API_KEY_FILE" placeholder:"FILE"`
	SepaySecret     string `help:"Secret with which SePay signs its notices; with it only the signature counts." env:"PARK_SEPAY_SECRET" placeholder:"KEY"`
	SepaySecretFile string `help:"File that holds it." env:"PARK_SEPAY_SECRET_FILE" placeholder:"FILE"`
	CassoKey        string `help:"Key with which Casso signs its notices (Webhook V2)." env:"PARK_CASSO_KEY" placeholder:"KEY"`
	CassoKeyFile    string `help:"File that holds it." env:"PARK_CASSO_KEY_FILE" placeholder:"FILE"`
	PayosKey        string `help:"Checksum key with which payOS signs its notices." env:"PARK_PAYOS_KEY" placeholder:"KEY"`
	PayosKeyFile    string `help:"File that holds it." env:"PARK_PAYOS_KEY_FILE" placeholder:"FILE"`
}

func (f *bankFlags) secrets() (bank.Secrets, error) {
	var s bank.Secrets
	for _, one := range []struct {
		to          *string
		value, file string
	}{
		{&s.SePayAPIKey, f.SepayAPIKey, f.SepayAPIKeyFile},
		{&s.SePaySecret, f.SepaySecret, f.SepaySecretFile},
		{&s.Casso, f.CassoKey, f.CassoKeyFile},
		{&s.PayOS, f.PayosKey, f.PayosKeyFile},
	} {
		var err error
		if *one.to, err = secret(one.value, one.file, ""); err != nil {
			return bank.Secrets{}, err
		}
	}
	return s, nil
}

// used names the providers that have a secret.
func used(s bank.Secrets) []string {
	out := []string{}
	if s.SePayAPIKey != "" || s.SePaySecret != "" {
		out = append(out, "sepay")
	}
	if s.Casso != "" {
		out = append(out, "casso")
	}
	if s.PayOS != "" {
		out = append(out, "payos")
	}
	return out
}

func (f *serveFlags) redisURL() (string, error) { return secret(f.Redis, f.RedisFile, "") }

func (f *serveFlags) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

type configCommand struct{ serveFlags }

// Run prints the settings in force.
func (c *configCommand) Run(out io.Writer) error {
	redis, err := c.redisURL()
	if err != nil {
		return err
	}
	database, err := secret(c.Database, c.DatabaseFile, "")
	if err != nil {
		return err
	}
	banks, err := c.secrets()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{
		"database": blotted(database), "redis": blotted(redis), "listen": c.Listen, "photos": c.Photos,
		"trusted_proxy": c.TrustedProxy, "log_level": c.LogLevel, "shutdown_grace_s": c.ShutdownGrace,
		"bank_notices_from": used(banks),
	})
}

// blotted hides the password of an address; what is no address is hidden whole.
func blotted(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return "***"
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", "***")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, version())
	return err
}
