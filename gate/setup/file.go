package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"gatehouse/gate/settings"
	"gatehouse/parking"
)

// FileName is the configuration in a gate's data folder.
const FileName = "gate.yaml"

// maxFile bounds it, in bytes: the YAML library takes time in the square of the
// length.
const maxFile = 32 << 10

// File is what gate.yaml says: flags of gate run by their names. What it leaves
// out is the flag's default.
type File struct {
	Cloud       string            `yaml:"cloud,omitempty"`
	Listen      string            `yaml:"listen,omitempty"`
	ListenOpen  bool              `yaml:"listen-open,omitempty"`
	SSH         string            `yaml:"ssh,omitempty"`
	SSHAct      []string          `yaml:"ssh-act,omitempty"`
	Keys        string            `yaml:"keys,omitempty"`
	Neighbours  string            `yaml:"neighbours,omitempty"`
	Neighbour   map[string]string `yaml:"neighbour,omitempty"`
	NoDiscovery bool              `yaml:"no-discovery,omitempty"`
	Camera      map[string]string `yaml:"camera,omitempty"`
	Barrier     map[string]string `yaml:"barrier,omitempty"`
	Sensor      map[string]string `yaml:"sensor,omitempty"`
	Reader      map[string]string `yaml:"reader,omitempty"`
	Sign        map[string]string `yaml:"sign,omitempty"`
	Printer     map[string]string `yaml:"printer,omitempty"`
	Tickets     map[string]string `yaml:"tickets,omitempty"`
	Vision      string            `yaml:"vision,omitempty"`
	PhotosGB    int64             `yaml:"photos-gb,omitempty"`
	Language    string            `yaml:"language,omitempty"`
}

// Read reads the configuration of a data folder; a folder without one is a File
// that says nothing. Values are its entries by flag, as gate run takes them. An
// error carries a sentence that names the file and, where it is one's, the line.
func Read(dir string) (f File, values map[string]any, err error) {
	path := filepath.Join(dir, FileName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, nil, nil
	}
	if err != nil {
		return File{}, nil, fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "The configuration %s cannot be read.", path), err)
	}
	return parse(path, data)
}

func parse(path string, data []byte) (f File, values map[string]any, err error) {
	if len(data) > maxFile {
		return File{}, nil, parking.Errorf(parking.TooLarge, "The configuration %s is longer than %d bytes.", path, maxFile)
	}
	defer func() { // the YAML library is not ours
		if recover() != nil {
			f, values, err = File{}, nil, parking.Errorf(parking.Invalid, "The configuration %s cannot be read as YAML.", path)
		}
	}()
	wrong := func(err error) (File, map[string]any, error) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return File{}, nil, parking.Errorf(parking.Invalid, "The configuration %s is not understood: %s", path, strings.TrimSuffix(first, ".")+".")
	}
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return wrong(err)
	}
	whole, err := yaml.Marshal(f) // entries that are empty say nothing
	if err != nil {
		return wrong(err)
	}
	values = map[string]any{}
	if err := yaml.Unmarshal(whole, &values); err != nil {
		return wrong(err)
	}
	return f, values, nil
}

// Write writes the configuration of a data folder, whole or not at all and for
// its owner only: an address of a camera may hold a password.
func Write(dir string, f *File) error {
	text, err := yaml.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	if strings.TrimSpace(string(text)) == "{}" {
		text = nil
	}
	head := "# What gate run takes for this data folder: its flags by their names. A flag and\n" +
		"# a variable (PARK_GATE_…) go before it. gate init writes it anew, without comments.\n"
	path := filepath.Join(dir, FileName)
	if err := settings.WriteWhole(path, append([]byte(head), text...)); err != nil {
		return fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "The configuration %s cannot be written.", path), err)
	}
	return nil
}
