// Package remote serves consoles of a gate over SSH (docs/CONSOLES.md): a guard
// signs in with name and password, or a listed key, and gets a console of his
// own. A session is a console and nothing else.
package remote
