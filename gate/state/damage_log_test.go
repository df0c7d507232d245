package state_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/gate/state"
	"gatehouse/gate/store"
)

// A power cut leaves the newest records in the log only. Whatever is wrong with
// the log or with the file that it belongs to, SQLite must not throw it away: a
// start refuses, an export finds the records and touches nothing, and a
// recovery saves them.
func TestADamagedLogIsNotThrownAway(t *testing.T) {
	t.Parallel()
	flip := func(end string, at int) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			b, err := os.ReadFile(path + end)
			if err != nil {
				t.Fatal(err)
			}
			b[at] ^= 0x55
			if err := os.WriteFile(path+end, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	const onlyInFile = 17 // of 37: those that the restart in the middle has folded in
	for name, tc := range map[string]struct {
		damage func(*testing.T, string)
		lost   int
	}{
		"the log's head":      {flip("-wal", 17), 0},
		"a frame of the log":  {flip("-wal", 32+3*(24+4096)+24+100), 1},
		"a frame's checksum":  {flip("-wal", 32+2*(24+4096)+17), 0},
		"an empty database":   {func(t *testing.T, path string) { t.Helper(); must(t, os.Truncate(path, 0)) }, onlyInFile},
		"no database":         {func(t *testing.T, path string) { t.Helper(); must(t, os.Remove(path)) }, onlyInFile},
		"nothing but the log": {func(t *testing.T, path string) { t.Helper(); must(t, os.WriteFile(path, nil, 0o600)) }, onlyInFile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, all := busyGate(t, 30)
			cut := t.TempDir() // the folder as a power cut leaves it
			for _, file := range []string{"gate.db", "gate.db-wal", "identity.json"} {
				b, err := os.ReadFile(filepath.Join(g.dir, file))
				must(t, err)
				must(t, os.WriteFile(filepath.Join(cut, file), b, 0o600))
			}
			must(t, g.store.Close())
			g.dir = cut
			tc.damage(t, g.database())
			before, err := os.ReadFile(g.database() + "-wal")
			must(t, err)
			g.startsDamaged()
			r, err := store.OpenReader(cut)
			must(t, err)
			var out bytes.Buffer
			done, err := state.Export(t.Context(), r, true, &out)
			must(t, err)
			must(t, r.Close())
			if !done.Salvaged || done.Facts < len(all)-tc.lost {
				t.Errorf("%d of %d facts were exported, salvaged %t", done.Facts, len(all), done.Salvaged)
			}
			if after, err := os.ReadFile(g.database() + "-wal"); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the log was touched (%v)", err)
			}
			if saved := g.recovered(); saved.Facts < len(all)-tc.lost {
				t.Errorf("%d of %d facts were saved", saved.Facts, len(all))
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
