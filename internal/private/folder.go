package private

// The variables by which tests learn of servers that they share.
const (
	TestDatabaseVariable = "PARK_TEST_DATABASE_URL"
	TestRedisVariable    = "PARK_TEST_REDIS_URL"
)

// SharedRedisDatabases is how many numbered databases a Redis has that tests
// share; so many tests can hold one at the same time.
const SharedRedisDatabases = 1024

// Folder is a directory under /tmp with the promises of a private server's:
// it goes with Remove, or at somebody's next start when its owner was killed.
type Folder struct {
	home *home
	path string
}

// NewFolder makes an empty folder that only its owner can enter. kind is part
// of its name.
func NewFolder(kind string) (*Folder, error) {
	h, err := newHome(kind)
	if err != nil {
		return nil, err
	}
	path, err := h.folder("d", nil)
	if err != nil {
		_ = h.remove()
		return nil, err
	}
	return &Folder{home: h, path: path}, nil
}

// Path is the folder's absolute path.
func (f *Folder) Path() string { return f.path }

// Remove deletes the folder with all that is in it.
func (f *Folder) Remove() error { return f.home.remove() }
