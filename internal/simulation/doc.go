// Package simulation holds the test that runs the whole link for a day in
// simulated time (testing/synctest): real gate nodes with SQLite on disk, a
// network of pipes that can be cut and made to lie, and the real cloud on a
// real PostgreSQL. A seed decides what drivers, guards, machines and the
// network do.
package simulation
