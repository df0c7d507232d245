package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"gatehouse/parking"
)

// FileName is the settings' file in a gate's data folder.
const FileName = "console-settings.json"

// Bounds of the file.
const (
	maxFile   = 1 << 20 // bytes
	maxGuards = 1000    // with settings of their own
)

// File keeps the settings of a gate's consoles. Its methods may be called from
// several goroutines.
type File struct {
	path string
	mu   sync.Mutex
	all  content
}

type content struct {
	Local  *Settings           `json:"local,omitempty"` // the console in the gate's own terminal
	Guards map[string]Settings `json:"guards,omitempty"`
}

// Open reads the settings of the gate in a data folder. A file that cannot be
// read is told of by an error with a sentence, beside a File with the usual
// settings; the next change writes it anew.
func Open(dir string) (*File, error) {
	f := &File{path: filepath.Join(dir, FileName)}
	all, err := read(f.path)
	if err != nil {
		return f, fmt.Errorf("%w (%w)", parking.Errorf(parking.Invalid,
			"The settings of the consoles in %s cannot be read; the usual ones are taken.", f.path), err)
	}
	f.all = all
	return f, nil
}

func read(path string) (content, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content{}, nil
	}
	if err != nil {
		return content{}, err
	}
	if info.Size() > maxFile {
		return content{}, parking.Errorf(parking.TooLarge, "It is larger than %d bytes.", maxFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return content{}, err
	}
	var raw struct {
		Local  json.RawMessage            `json:"local"`
		Guards map[string]json.RawMessage `json:"guards"`
	}
	if err := strict(data, &raw); err != nil {
		return content{}, err
	}
	all := content{Guards: map[string]Settings{}}
	if raw.Local != nil {
		s, err := decode(raw.Local)
		if err != nil {
			return content{}, err
		}
		all.Local = &s
	}
	for name, one := range raw.Guards {
		if all.Guards[name], err = decode(one); err != nil {
			return content{}, err
		}
	}
	return all, nil
}

// decode reads settings; what a former version did not write is as usual.
func decode(data []byte) (Settings, error) {
	s := Default()
	if err := strict(data, &s); err != nil {
		return Settings{}, err
	}
	return s, s.check()
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Local is how the console in the gate's own terminal looks.
func (f *File) Local() Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all.Local == nil {
		return Default()
	}
	return *f.all.Local
}

// Guard is how a guard's console over SSH looks.
func (f *File) Guard(name string) Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.all.Guards[name]; ok {
		return s
	}
	return Default()
}

// KeepLocal keeps the settings of the console in the gate's own terminal. An
// error carries a sentence; the file is then as it was.
func (f *File) KeepLocal(s Settings) error {
	return f.keep(s, func(all *content) { all.Local = &s })
}

// KeepGuard keeps those of a guard's console over SSH, as KeepLocal does.
func (f *File) KeepGuard(name string, s Settings) error {
	return f.keep(s, func(all *content) { all.Guards[name] = s })
}

func (f *File) keep(s Settings, change func(all *content)) error {
	if err := s.check(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all := content{Local: f.all.Local, Guards: map[string]Settings{}}
	for name, one := range f.all.Guards {
		all.Guards[name] = one
	}
	change(&all)
	if len(all.Guards) > maxGuards {
		return parking.Errorf(parking.TooLarge, "This gate keeps the settings of %d guards already.", maxGuards)
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = WriteWhole(f.path, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "The settings could not be written to the disk; they hold until the console ends."), err)
	}
	f.all = all
	return nil
}

// WriteWhole writes a file that only its owner reads, whole or not at all: it is
// on the disk under another name before it takes its own.
func WriteWhole(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
