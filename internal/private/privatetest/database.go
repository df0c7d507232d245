package privatetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"gatehouse/internal/private"
)

// Migrate brings the empty database at url to the schema that a test needs
// and closes every connection that it opened.
type Migrate func(ctx context.Context, url string) error

// Database makes a database for one test and returns its URL. The schema is
// made once, in a template, by migrate, and copied for each test. It is
// dropped when the test ends, connections or not.
//
// Test programs that share a server share templates too: a template belongs to
// the name of the function migrate and to the contents of the repository's
// sql/ folder, so an edited migration never meets an old template. migrate
// must therefore do the same each time; what differs between tests comes
// after.
func Database(t testing.TB, migrate Migrate) string {
	t.Helper()
	server, err := sharedPostgres()
	if err != nil {
		t.Fatalf("no PostgreSQL for this test: %v", err)
	}
	name, err := newDatabase(t.Context(), server, migrate)
	if err != nil {
		t.Fatalf("make this test's database: %v", err)
	}
	t.Cleanup(func() {
		// t.Context is cancelled by now.
		if err := execOn(context.Background(), server, "DROP DATABASE IF EXISTS "+quoted(name)+" WITH (FORCE)"); err != nil {
			t.Errorf("drop this test's database: %v", err)
		}
	})
	url, err := withDatabase(server, name)
	if err != nil {
		t.Fatalf("name this test's database: %v", err)
	}
	return url
}

func newDatabase(ctx context.Context, server string, migrate Migrate) (string, error) {
	template, err := templateFor(ctx, server, migrate)
	if err != nil {
		return "", err
	}
	name := "test_" + randomName()
	return name, execOn(ctx, server, "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(template))
}

// made remembers the templates that this program has seen ready.
var (
	madeMu sync.Mutex
	made   = map[string]bool{}
)

// templateFor makes sure that the template of migrate is there.
func templateFor(ctx context.Context, server string, migrate Migrate) (string, error) {
	key, err := templateKey(migrate)
	if err != nil {
		return "", err
	}
	name := "template_" + hex.EncodeToString(key[:12])
	madeMu.Lock()
	defer madeMu.Unlock()
	if made[name] {
		return name, nil
	}
	if err := makeTemplate(ctx, server, name, migrate); err != nil {
		return "", fmt.Errorf("make the template: %w", err)
	}
	made[name] = true
	return name, nil
}

// makeTemplate builds under another name and renames, so that a template that
// is there is always whole. The advisory lock keeps other programs waiting.
func makeTemplate(ctx context.Context, server, name string, migrate Migrate) (err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	// Closing the connection lets the lock go.
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil {
		return fmt.Errorf("look: %w", err)
	}
	if there {
		return nil
	}
	draft := "draft_" + randomName()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+quoted(draft)+" TEMPLATE template0"); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	url, err := withDatabase(server, draft)
	if err != nil {
		return err
	}
	if err := migrate(ctx, url); err != nil {
		_, drop := conn.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+quoted(draft)+" WITH (FORCE)")
		return errors.Join(fmt.Errorf("migrate: %w", err), drop)
	}
	// A connection that migrate has closed may linger for a moment on the
	// server, and a rename tolerates none.
	if _, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", draft); err != nil {
		return fmt.Errorf("free the template: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+quoted(draft)+" RENAME TO "+quoted(name)); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	return nil
}

func templateKey(migrate Migrate) ([32]byte, error) {
	hash := sha256.New()
	fn := runtime.FuncForPC(reflect.ValueOf(migrate).Pointer())
	_, _ = fmt.Fprintf(hash, "%s\n", fn.Name()) // a hash never fails
	root, err := repository()
	if err != nil {
		return [32]byte{}, err
	}
	err = filepath.WalkDir(filepath.Join(root, "sql"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return addFile(hash, path)
	})
	return [32]byte(hash.Sum(nil)), err
}

func addFile(hash io.Writer, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(path), len(text), text)
	return err
}

// repository is the nearest folder with a go.mod at or above the test's own.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod at or above the test's folder")
		}
	}
}

func execOn(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// withDatabase replaces the database in a connection URL.
func withDatabase(server, name string) (string, error) {
	scheme, rest, ok := strings.Cut(server, "://")
	authority, tail, slash := strings.Cut(rest, "/")
	if !ok || !slash {
		return "", errors.New(private.TestDatabaseVariable + " must look like postgres://user@host/database")
	}
	if _, query, ok := strings.Cut(tail, "?"); ok {
		name += "?" + query
	}
	return scheme + "://" + authority + "/" + name, nil
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func randomName() string { return strings.ToLower(rand.Text()[:16]) }
