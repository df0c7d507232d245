package gate

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// logName is the gate's log in its data folder: the terminal belongs to the
// console.
const logName = "gate.log"

// maxLogBytes is the size above which a start begins a new log; the one
// before is kept beside it.
const maxLogBytes = 10 << 20

// openLog opens the log of a data folder, unless one is given.
func openLog(dir string, given *slog.Logger) (*slog.Logger, *os.File, error) {
	if given != nil {
		return given, nil, nil
	}
	path := filepath.Join(dir, logName)
	if info, err := os.Stat(path); err == nil && info.Size() > maxLogBytes {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, nil, fmt.Errorf("put the old log aside: %w", err)
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // a fixed name in our own folder
	if err != nil {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	return slog.New(slog.NewJSONHandler(f, nil)), f, nil
}
