// Package composetest holds the tests of compose.yaml and the Dockerfile, read
// as Docker Compose itself reads them. It has no code of its own.
package composetest
