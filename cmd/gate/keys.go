package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gatehouse/gate/settings"
	"gatehouse/gate/tui"
)

type keysCommand struct {
	Data string `type:"path" help:"Data folder of the gate, whose keys.yaml is taken."`
	Keys string `type:"path" placeholder:"FILE" help:"File of the keys instead."`
}

// Run prints the key map in force, as a file to begin from.
func (c *keysCommand) Run() error {
	keys, err := keyMap(c.Keys, c.Data)
	if err != nil {
		return err
	}
	fmt.Print(tui.WriteKeys(keys))
	return nil
}

// keyMap is that of a file; without one it is that of a data folder, where it
// has one, and nil, the usual, otherwise.
func keyMap(file, data string) (settings.Keys, error) {
	if file == "" && data != "" {
		file = filepath.Join(data, settings.KeysName)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			file = ""
		}
	}
	if file == "" {
		return nil, nil //nolint:nilnil // nil are the usual keys
	}
	lines, err := settings.ReadKeys(file)
	if err != nil {
		return nil, err
	}
	return tui.CheckKeys(file, lines)
}
