// Package private starts a PostgreSQL or a Redis server of our own, for the
// demonstration, the benchmarks and the tests.
//
// A private server listens on a Unix socket in a short directory under /tmp
// and on no network port, so any number of them run side by side and none
// meets a server that the machine already has. It is never a system service.
//
// What it promises:
//   - Stop ends the server cleanly and removes everything it wrote.
//   - When its owner dies, however it dies, the kernel ends the server
//     (parent-death signal).
//   - What a killed owner left under /tmp is removed at the next start by
//     the same user; a directory whose owner lives is never touched.
//
// PostgreSQL refuses to run as root. When the owner is root the server runs
// as the user postgres, which Debian's package creates, and its files lie
// under /tmp because that user cannot enter root's home.
//
// Linux only.
package private
