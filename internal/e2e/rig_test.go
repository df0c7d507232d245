package e2e

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/cloud"
	"gatehouse/cloud/auth"
	"gatehouse/cloud/seed"
	"gatehouse/cloud/store"
	"gatehouse/gate"
	"gatehouse/gate/lane"
	"gatehouse/gate/store/storetest"
	"gatehouse/internal/private/privatetest"
	"gatehouse/internal/shareddata"
	"gatehouse/parking"
)

// patience is how long a test waits for a condition before it fails. It is
// generous: nothing here is a timed test.
const patience = 60 * time.Second

// morning is when the tests' clocks start: nine o'clock at the site.
var morning = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)

// workerFolder is where the vision worker was built, "" before.
var workerFolder string

// visionWorker builds the real worker, once.
var visionWorker = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gatehouse-vision-")
	if err != nil {
		return "", err
	}
	workerFolder = dir
	path := filepath.Join(dir, "vision")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "gatehouse/cmd/vision")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.New("build the vision worker: " + string(out))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	for _, folder := range []string{workerFolder, programsFolder} {
		if folder != "" {
			_ = os.RemoveAll(folder)
		}
	}
	os.Exit(code)
}

// rig is a seeded site with a cloud that can be killed and started again at
// the same address.
type rig struct {
	t      *testing.T
	clock  *clock
	db     string
	redis  string
	photos string
	addr   string
	people map[string]seed.Made
	site   uuid.UUID

	cloud  *cloud.Cloud
	server *http.Server
	stop   context.CancelFunc
	parts  sync.WaitGroup
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{
		t: t, clock: clockAt(morning), photos: t.TempDir(), people: map[string]seed.Made{},
		db: privatetest.Database(t, store.Migrate), redis: privatetest.OwnRedis(t).URL(),
	}
	r.startCloud()
	made, err := seed.Seed(t.Context(), r.cloud.Store, r.cloud.Auth, r.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	r.site = made.Site
	for _, m := range made.Users {
		r.people[m.Name] = m
	}
	t.Cleanup(r.killCloud)
	return r
}

// startCloud starts a replica; after the first time at the address of before.
func (r *rig) startCloud() {
	r.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c, err := cloud.Open(ctx, cloud.Config{
		DatabaseURL: r.db, RedisURL: r.redis, PhotosDir: r.photos, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		stop()
		r.t.Fatal(err)
	}
	addr := r.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		stop()
		r.t.Fatal(err)
	}
	r.addr, r.cloud, r.stop = listener.Addr().String(), c, stop
	r.server = &http.Server{Handler: c.Handler(), ReadHeaderTimeout: 10 * time.Second}
	r.parts.Go(func() { _ = r.server.Serve(listener) })
	r.parts.Go(func() { _ = c.Run(ctx) })
}

// killCloud ends the replica without a word to anybody.
func (r *rig) killCloud() {
	if r.cloud == nil {
		return
	}
	r.stop()
	if err := r.server.Close(); err != nil {
		r.t.Error(err)
	}
	r.parts.Wait()
	if err := r.cloud.Close(context.Background()); err != nil {
		r.t.Error(err)
	}
	r.cloud = nil
}

func (r *rig) url() string { return "http://" + r.addr }

// gateAt enrols and starts gate code with cameras by lane, and signs guard in.
func (r *rig) gateAt(code, guard string, cameras map[string]string) *gate.Node {
	r.t.Helper()
	site, err := r.cloud.Store.Q.SiteByCode(r.t.Context(), seed.SiteCode)
	if err != nil {
		r.t.Fatal(err)
	}
	once, _, err := r.cloud.Auth.NewGateCode(r.t.Context(), auth.Principal{
		Kind: auth.KindUser, Tenant: site.TenantID, Site: site.ID, SiteCode: site.Code, Name: "admin", Role: auth.RoleAdmin,
	}, code)
	if err != nil {
		r.t.Fatal(err)
	}
	worker, err := visionWorker()
	if err != nil {
		r.t.Fatal(err)
	}
	n, err := gate.Open(r.t.Context(), gate.Config{
		Disk: storetest.Roomy, DataDir: r.t.TempDir(), CloudURL: r.url(), Code: once, Cameras: cameras, VisionPath: worker,
		Version: "test", Wall: r.clock.Now, Mono: r.clock.Mono, FirstWait: patience,
		Barriers: map[string]string{"1": "sim:", "2": "sim:"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := n.Close(); err != nil {
			r.t.Error(err)
		}
	})
	wait(r.t, "the vision worker to be up", func() bool { return n.Desk().View().Vision.OK })
	who := r.people[guard]
	if err := n.Desk().SignIn(r.t.Context(), who.Name, who.Password); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// count asks the cloud's database for one number.
func (r *rig) count(query string, args ...any) int64 {
	r.t.Helper()
	var n int64
	if err := r.cloud.Store.Pool.QueryRow(r.t.Context(), query, args...).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// wait waits until ok, which is asked again and again.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(10 * time.Millisecond) // between two looks, not for something to happen
	}
}

// subject is the vehicle at a lane once its picture has been read.
func subject(t *testing.T, n *gate.Node, code string) *lane.Subject {
	t.Helper()
	var s *lane.Subject
	wait(t, "the vehicle at lane "+code+" to be offered", func() bool {
		s = at(n, code)
		return s != nil && s.Stage != lane.Arrived
	})
	return s
}

func at(n *gate.Node, code string) *lane.Subject {
	for _, l := range n.Desk().View().Lanes {
		if l.Lane.Code == code {
			return l.Subject
		}
	}
	return nil
}

// photograph is a real picture with what stands on its plate.
type photograph struct {
	file  string
	plate parking.Plate
}

// photographs copies the first n pictures of the gate camera into a folder of
// the test's own, as a camera's folder, and returns what they show.
func photographs(t *testing.T, n int) (folder string, shown []photograph) {
	t.Helper()
	from := filepath.Join(shareddata.Dir(t), "plates", "vn")
	f, err := os.Open(filepath.Join(from, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for _, row := range rows[1 : n+1] {
		b, err := os.ReadFile(filepath.Join(from, row[0]))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, row[0]), b, 0o600); err != nil {
			t.Fatal(err)
		}
		plate, err := parking.ParsePlate(row[1])
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, photograph{file: row[0], plate: plate})
	}
	return folder, shown
}

// arrive lets a vehicle come to a lane: the camera takes its picture, the
// worker reads it, and the guard corrects what was not read right.
func arrive(t *testing.T, n *gate.Node, code string, p photograph) *lane.Subject {
	t.Helper()
	id, err := n.Desk().Arrive(t.Context(), code, lane.Arrival{})
	if err != nil {
		t.Fatal(err)
	}
	s := subject(t, n, code)
	t.Logf("%s: %s shows %s; the worker says %s %q (%.2f)", code, p.file, p.plate, s.Reading.Outcome, s.Reading.Plate, s.Reading.Confidence)
	if s.Reading.Outcome == "none" {
		t.Errorf("the worker found no plate in %s", p.file)
	}
	if err := n.Desk().Correct(t.Context(), code, id, string(p.plate), "as the guard sees it"); err != nil {
		t.Fatal(err)
	}
	s = subject(t, n, code)
	if s.Plate != p.plate {
		t.Fatalf("after the correction the lane is about %s, want %s", s.Plate, p.plate)
	}
	return s
}

// letIn accepts the vehicle of a lane as class, where it is offered a place.
func letIn(t *testing.T, n *gate.Node, s *lane.Subject, class parking.Class) parking.Stay {
	t.Helper()
	if s.Class != class {
		if err := n.Desk().SetClass(t.Context(), "1", s.ID, class); err != nil {
			t.Fatal(err)
		}
	}
	stay, err := n.Desk().AcceptIn(t.Context(), "1", s.ID)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, "the barrier to answer", func() bool { s := at(n, "1"); return s == nil || s.Stage == lane.Opened })
	return stay
}
