// Package demo is what the command parksim does: it starts a whole site on one
// machine, private PostgreSQL and Redis included, and lets simulated drivers
// come and go.
//
// Everything that it starts ends with it: in order when it is told to stop
// (Ctrl-C, SIGTERM, SIGHUP), by the kernel when it is killed. It listens on
// loopback only, on ports that the system picks, and keeps its files in a
// directory of its own under /tmp, so any number of demonstrations run side by
// side.
package demo
