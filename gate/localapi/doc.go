// Package localapi is the gate's HTTP API for what stands beside it: a loop
// detector, a barrier controller, a second screen, a kiosk. It does the same
// acts as the console, on the same desk.
//
// It listens on loopback unless told otherwise, and every request carries the
// token of the gate's data folder (Authorization: Bearer …). Refusals are RFC
// 9457 problem documents with a sentence. The names in the Host header that
// are taken are localhost and IP addresses only, so that a page in a browser
// on the same machine cannot reach it by a name of its own (DNS rebinding).
package localapi
