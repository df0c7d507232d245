package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"gatehouse/cloud"
	"gatehouse/parking"
)

type serveCommand struct{ serveFlags }

// Run serves until ctx ends, then lets requests under way come to their end.
func (c *serveCommand) Run(ctx context.Context) error {
	log := c.logger()
	replica, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	grace := time.Duration(c.ShutdownGrace) * time.Second
	listener, err := c.listen(ctx)
	if err != nil {
		return errors.Join(err, replica.Close(ctx))
	}
	server := &http.Server{
		Handler:           replica.Handler(),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	hub, served := make(chan error, 1), make(chan error, 1)
	go func() { hub <- replica.Run(background) }()
	go func() { served <- server.Serve(listener) }()
	log.Info("listening", "address", listener.Addr().String(), "version", version())

	select {
	case <-ctx.Done():
	case err = <-served:
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	log.Info("stopping")
	// Sockets belong to the hub, not to the server: say bye to them beside
	// the requests that come to their end.
	shut := make(chan error, 1)
	go func() { shut <- server.Shutdown(end) }()
	replica.Hub.Close(end)
	if stopErr := <-shut; stopErr != nil {
		_ = server.Close() // streams of pages do not end by themselves
	}
	stop()
	err = errors.Join(unlessClosed(err), <-hub, replica.Close(end))
	return err
}

func unlessClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (c *serveCommand) open(ctx context.Context, log *slog.Logger) (*cloud.Cloud, error) {
	database, err := c.url()
	if err != nil {
		return nil, err
	}
	redis, err := c.redisURL()
	if err != nil {
		return nil, err
	}
	for _, network := range c.TrustedProxy {
		if _, _, err := net.ParseCIDR(network); err != nil {
			return nil, parking.Errorf(parking.Invalid, "--trusted-proxy takes a network such as 10.0.0.0/8, not %q.", network)
		}
	}
	banks, err := c.secrets()
	if err != nil {
		return nil, err
	}
	return cloud.Open(ctx, cloud.Config{
		Bank:        banks,
		DatabaseURL: database, RedisURL: redis, PhotosDir: c.Photos, TrustedProxies: c.TrustedProxy, Log: log,
	})
}

func (c *serveCommand) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", c.Listen, err)
	}
	if c.AddrFile != "" {
		if err := writeWhole(c.AddrFile, "http://"+listener.Addr().String()+"\n"); err != nil {
			return nil, errors.Join(fmt.Errorf("write the address: %w", err), listener.Close())
		}
	}
	return listener, nil
}

// writeWhole writes a file so that nobody reads half of it.
func writeWhole(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".addr-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

type healthCommand struct {
	Listen string `help:"Where the server listens." default:"127.0.0.1:8080" env:"PARK_LISTEN"`
}

// Run asks /readyz.
func (c *healthCommand) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return parking.Errorf(parking.Invalid, "--listen takes host:port, not %q.", c.Listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return parking.Errorf(parking.Invalid, "--listen takes host:port, not %q.", c.Listen)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return parking.Errorf(parking.Unavailable, "The server at %s does not answer.", c.Listen)
	}
	defer func() { _ = answer.Body.Close() }() // only its status matters
	if answer.StatusCode != http.StatusOK {
		return parking.Errorf(parking.Unavailable, "The server at %s is not ready (%d).", c.Listen, answer.StatusCode)
	}
	return nil
}

// version is what the build knows of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "(devel)" {
			v = s.Value
		}
	}
	if v == "" {
		v = "devel"
	}
	return v
}
