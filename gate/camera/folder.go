package camera

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/parking"
	"gatehouse/vision"
)

// Folder is a camera that sees the pictures of a folder, one after the other
// in name order: the first until Arrive is called, then the next.
type Folder struct {
	Now func() time.Time // clock of Frame.At; time.Now unless set before the first Frame

	mu    sync.Mutex
	files []string
	at    int
	wrap  bool
}

// NewFolder lists the pictures (.jpg, .jpeg, .png) of the folder. When wrap
// is set the first follows the last; else the camera has ended there. The
// error is an Error with code Unavailable when the folder cannot be read or
// holds no picture.
func NewFolder(path string, wrap bool) (*Folder, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The picture folder %q cannot be read.", path)
	}
	var files []string
	for _, entry := range entries {
		switch strings.ToLower(filepath.Ext(entry.Name())) {
		case ".jpg", ".jpeg", ".png":
			if !entry.IsDir() {
				files = append(files, filepath.Join(path, entry.Name()))
			}
		}
	}
	if len(files) == 0 {
		return nil, parking.Errorf(parking.Unavailable, "The folder %q holds no picture (.jpg, .jpeg, .png).", path)
	}
	slices.Sort(files)
	return &Folder{Now: time.Now, files: files, wrap: wrap}, nil
}

// Still says that the next frame is the same picture (Live).
func (f *Folder) Still() bool { return true }

// Frame returns the present picture, read anew so that a replaced file shows.
func (f *Folder) Frame(ctx context.Context) (Frame, error) {
	if err := ctx.Err(); err != nil {
		return Frame{}, err
	}
	name, err := f.present()
	if err != nil {
		return Frame{}, err
	}
	data, err := readBounded(name)
	if err != nil {
		return Frame{}, err
	}
	if err := vision.CheckPicture(data); err != nil {
		return Frame{}, err
	}
	return Frame{JPEG: data, At: f.Now()}, nil
}

func (f *Folder) present() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at >= len(f.files) {
		return "", parking.Errorf(parking.Unavailable, "The picture folder has no further picture.")
	}
	return f.files[f.at], nil
}

// Arrive moves on to the next picture and returns its file name, "" when the
// folder has ended.
func (f *Folder) Arrive() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at++
	if f.at >= len(f.files) && f.wrap {
		f.at = 0
	}
	if f.at >= len(f.files) {
		f.at = len(f.files)
		return ""
	}
	return filepath.Base(f.files[f.at])
}

// File returns the file name of the present picture, "" after the end.
func (f *Folder) File() string {
	name, err := f.present()
	if err != nil {
		return ""
	}
	return filepath.Base(name)
}

// readBounded reads a picture file, at most one byte more than allowed so that
// vision.CheckPicture sees that it is too large.
func readBounded(name string) (data []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The picture %q cannot be opened.", filepath.Base(name))
	}
	defer func() { _ = file.Close() }() // only read
	data, err = io.ReadAll(io.LimitReader(file, vision.MaxPictureBytes+1))
	if err != nil {
		return nil, parking.Errorf(parking.Unavailable, "The picture %q cannot be read.", filepath.Base(name))
	}
	return data, nil
}
