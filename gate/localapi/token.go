package localapi

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/parking"
)

// TokenFile is the name of the token's file in the data folder.
const TokenFile = "local-token"

// Token returns the bearer token of a data folder. At the first start it is
// made, and kept in a file that only its owner may read.
func Token(dir string) (string, error) {
	path := filepath.Join(dir, TokenFile)
	b, err := os.ReadFile(path) //nolint:gosec // a fixed name in our own folder
	if err == nil {
		token := strings.TrimSpace(string(b))
		if len(token) < 32 {
			return "", parking.Errorf(parking.Invalid, "The file %s is damaged. Delete it; the next start makes a new token.", path)
		}
		return token, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the local token: %w", err)
	}
	var random [24]byte
	_, _ = rand.Read(random[:]) // crypto/rand never fails: it ends the program instead
	token := hex.EncodeToString(random[:])
	if err := writeToken(path, token); err != nil {
		return "", fmt.Errorf("keep the local token: %w", err)
	}
	return token, nil
}

// writeToken writes the file whole or not at all: a half token would be
// refused at the next start.
func writeToken(path, token string) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // a fixed name in our own folder
	if err != nil {
		return err
	}
	_, err = f.WriteString(token + "\n")
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
