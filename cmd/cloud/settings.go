package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"

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
	Redis         string   `help:"Address of Redis, redis://host:port/0; without one the cloud works degraded." env:"PARK_REDIS_URL" placeholder:"URL"`
	RedisFile     string   `help:"File that holds this address." env:"PARK_REDIS_URL_FILE" placeholder:"FILE"`
	Listen        string   `help:"Address to listen at; port 0 takes a free one." default:"127.0.0.1:8080" env:"PARK_LISTEN"`
	AddrFile      string   `help:"File into which the address is written once it listens, as a URL." placeholder:"FILE"`
	Photos        string   `help:"Folder of the photos." default:"photos" env:"PARK_PHOTOS" placeholder:"DIR"`
	TrustedProxy  []string `help:"Network of a proxy whose X-Forwarded-For is believed; may be repeated." env:"PARK_TRUSTED_PROXY" placeholder:"CIDR"`
	LogLevel      string   `help:"Least level of what is logged." enum:"debug,info,warn,error" default:"info" env:"PARK_LOG_LEVEL"`
	ShutdownGrace int      `help:"Seconds that requests under way have when told to stop." default:"10" env:"PARK_SHUTDOWN_GRACE_S"`
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
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{
		"database": blotted(database), "redis": blotted(redis), "listen": c.Listen, "photos": c.Photos,
		"trusted_proxy": c.TrustedProxy, "log_level": c.LogLevel, "shutdown_grace_s": c.ShutdownGrace,
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
