// Package sql holds the migrations of both databases, embedded so that each
// program brings its own.
package sql

import "embed"

// Cloud are the migrations of the cloud's Postgres, Gate those of a gate's SQLite.
var (
	//go:embed cloud/migrations/*.sql
	Cloud embed.FS
	//go:embed gate/migrations/*.sql
	Gate embed.FS
)
