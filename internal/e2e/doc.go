// Package e2e holds the tests that run the whole product: a real cloud on a
// real Postgres and Redis, gates on real SQLite files, the real vision worker
// and headless Chromium. Only the clock is moved, in-process.
package e2e
