// Package settings is what is kept on the disk of how consoles look and which
// keys they have: the settings that a guard may change (console-settings.json
// in the data folder, one entry for the local console and one a guard for
// consoles over SSH), and the key map, a YAML file that a person writes.
//
// A file is written whole or not at all, and one that cannot be read costs the
// settings, never the console: the usual ones are taken, and the caller is told.
package settings
