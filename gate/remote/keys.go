package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/keygen"
	gossh "golang.org/x/crypto/ssh"

	"gatehouse/parking"
)

// maxKeysFile bounds the file of guards' keys, in bytes.
const maxKeysFile = 1 << 20

// hostKey reads the host key at path, or makes one there (0600) at the first
// start. A damaged one is refused: a new one would look like another machine.
func hostKey(path string) (gossh.Signer, error) {
	pem, err := os.ReadFile(path) //nolint:gosec // a fixed name in the gate's folder
	if errors.Is(err, fs.ErrNotExist) {
		pem, err = newHostKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "The host key %s can be neither read nor written.", path), err)
	}
	if err := os.Chmod(path, 0o600); err != nil { //nolint:gosec // as above
		return nil, fmt.Errorf("close the host key to others: %w", err)
	}
	key, err := gossh.ParsePrivateKey(pem)
	if err != nil {
		return nil, parking.Errorf(parking.Invalid, "The host key %s is damaged. Bring it back from a copy, or delete it to have a new one made.", path)
	}
	return key, nil
}

// newHostKey writes a new key, whole or not at all.
func newHostKey(path string) ([]byte, error) {
	pair, err := keygen.New("", keygen.WithKeyType(keygen.Ed25519))
	if err != nil {
		return nil, fmt.Errorf("make a host key: %w", err)
	}
	pem := pair.RawPrivateKey()
	tmp, err := os.CreateTemp(filepath.Dir(path), HostKeyFile+".*") // 0600
	if err != nil {
		return nil, err
	}
	_, err = tmp.Write(pem)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(tmp.Name()))
	}
	return pem, nil
}

// listed says whether the file of guards' keys has key for name: lines of a name
// and a key as ssh-keygen writes it; empty ones and those with # say nothing. A
// line that is not understood lists nothing. A file that others may write to is
// refused.
func listed(path, name string, key gossh.PublicKey) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if info.Mode().Perm()&0o022 != 0 || info.Size() > maxKeysFile {
		return false, parking.Errorf(parking.Invalid, "The file %s may be written by others, or is too large: no key of it is taken.", path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // a fixed name in the gate's folder
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		who, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || who != name || strings.HasPrefix(who, "#") {
			continue
		}
		known, _, options, _, err := gossh.ParseAuthorizedKey([]byte(rest))
		if err == nil && len(options) == 0 && bytes.Equal(known.Marshal(), key.Marshal()) {
			return true, nil
		}
	}
	return false, nil
}
