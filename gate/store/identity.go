package store

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"gatehouse/parking"
)

// identityFile holds the gate's key; nobody but its owner may read it.
const identityFile = "identity.json"

// Identity is who this gate is, as the cloud enrolled it.
type Identity struct {
	Tenant     uuid.UUID          `json:"tenant"`
	Site       uuid.UUID          `json:"site"`
	Gate       string             `json:"gate"` // the gate's code within the site
	CloudURL   string             `json:"cloud_url"`
	PublicKey  ed25519.PublicKey  `json:"public_key"`
	PrivateKey ed25519.PrivateKey `json:"private_key"`
}

// String names the gate; the key never gets into a log.
func (id Identity) String() string { return fmt.Sprintf("gate %s of site %s", id.Gate, id.Site) }

// GoString is String, for %#v.
func (id Identity) GoString() string { return id.String() }

func (id Identity) validate() error {
	switch {
	case id.Site == uuid.Nil, id.CloudURL == "", parking.ValidCode("gate", id.Gate) != nil,
		len(id.PublicKey) != ed25519.PublicKeySize, len(id.PrivateKey) != ed25519.PrivateKeySize:
		return errors.New("the identity is not complete")
	case !id.PublicKey.Equal(id.PrivateKey.Public()):
		return errors.New("the two halves of the key do not belong together")
	}
	return nil
}

// Identity returns who this gate is; NotFound when it was never enrolled.
func (s *Store) Identity() (Identity, error) { return readIdentity(s.dir) }

func readIdentity(dir string) (Identity, error) {
	path := filepath.Join(dir, identityFile)
	b, err := os.ReadFile(path) //nolint:gosec // a fixed name in our own folder
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, parking.Errorf(parking.NotFound, "This gate is not enrolled yet. Ask an administrator for a code and run: gate enrol")
	}
	if err != nil {
		return Identity{}, fmt.Errorf("read the identity: %w", err)
	}
	var id Identity
	if err := json.Unmarshal(b, &id); err != nil {
		return Identity{}, parking.Errorf(parking.Invalid, "The file %s is damaged. Enrol the gate again with a new code.", path)
	}
	if err := id.validate(); err != nil {
		return Identity{}, parking.Errorf(parking.Invalid, "The file %s is damaged (%s). Enrol the gate again with a new code.", path, err)
	}
	return id, nil
}

// SaveIdentity keeps who this gate is. When it returns, the disk has it.
func (s *Store) SaveIdentity(id Identity) error {
	if err := id.validate(); err != nil {
		return fmt.Errorf("save the identity: %w", err)
	}
	b, err := json.Marshal(id) //nolint:gosec // the key is meant to be kept, in a 0600 file
	if err != nil {
		return fmt.Errorf("save the identity: %w", err)
	}
	if err := writeFile(filepath.Join(s.dir, identityFile), b); err != nil {
		return fmt.Errorf("save the identity: %w", refusal(err))
	}
	return nil
}
