package vision

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/parking"
)

// The test program is its own worker: started with this variable it serves,
// and what it does with a picture is in the country.
const workerEnv = "GATEHOUSE_TEST_WORKER"

func TestMain(m *testing.M) {
	switch os.Getenv(workerEnv) {
	case "":
		goleak.VerifyTestMain(m)
	case "garbage":
		fmt.Println("Warning: a library that prints to standard output")
		os.Exit(0)
	case "version":
		_ = writeFrame(os.Stdout, frame{0, []byte(`{"protocol":99}`)}, maxReplyBytes)
		_, _ = readFrame(os.Stdin, maxRequestBytes)
		os.Exit(0)
	case "babble", "flood", "odd":
		babbleForTest(os.Getenv(workerEnv))
	case "capture":
		captureForTest()
	case "gate":
		gateForTest()
	case "mute":
		os.Exit(3)
	default:
		serveForTest()
	}
}

func serveForTest() {
	err := Serve(context.Background(), os.Stdin, os.Stdout, func(picture []byte, country string) (Reading, error) {
		switch country {
		case "die":
			os.Exit(1)
		case "hang":
			select {}
		case "refuse":
			return None(), parking.Errorf(parking.Invalid, "This picture cannot be decoded.")
		}
		return Reading{Outcome: OutcomeRead, Plate: "30A12345", Confidence: 0.9, Box: [4]int{os.Getpid(), 0, len(picture), 0}}, nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// babbleForTest is a worker that greets well and then answers with garbage.
func babbleForTest(how string) {
	_ = writeFrame(os.Stdout, frame{0, []byte(`{"protocol":1}`)}, maxReplyBytes)
	request, err := readFrame(os.Stdin, maxRequestBytes)
	if err != nil {
		os.Exit(1)
	}
	switch how {
	case "babble": // no frame at all
		fmt.Println("terminate called after throwing an instance of 'cv::Exception'")
	case "flood": // a frame that promises 4 GiB
		_, _ = os.Stdout.Write([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1})
	case "odd": // a frame whose reading is none
		_ = writeFrame(os.Stdout, frame{request.number, []byte(`{"reading":{"outcome":"read","plate":"30A12345","confidence":9e9}}`)}, maxReplyBytes)
	}
	select {}
}

// gateForTest is a gate whose worker hangs: it prints the worker's process
// number and waits to be killed.
func gateForTest() {
	self, err := os.Executable()
	if err != nil {
		os.Exit(1)
	}
	client := NewClient(Config{Path: "/usr/bin/env", Args: []string{workerEnv + "=serve", self}, ReadTimeout: time.Hour})
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		os.Exit(1)
	}
	for client.Status().State != StateUp {
		time.Sleep(time.Millisecond) // no test: the gate's own waiting
	}
	got, err := client.Read(context.Background(), out.Bytes(), "vn")
	if err != nil {
		os.Exit(1)
	}
	fmt.Println(got.Box[0])
	_, _ = client.Read(context.Background(), out.Bytes(), "hang")
	os.Exit(1)
}

// A worker must not outlive a gate that is killed, not even one that hangs and
// so does not see that its input has ended.
func TestWorkerDiesWithAKilledGate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux kills the worker with the gate; elsewhere it ends with its input")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	gate := exec.CommandContext(t.Context(), self)
	gate.Env = append(os.Environ(), workerEnv+"=gate")
	out, err := gate.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gate.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatalf("the gate named no worker: %v", err)
	}
	if err := gate.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = gate.Wait() // it was killed
	until(t, "worker dead", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || bytes.Contains(stat, []byte(") Z "))
	})
}

// startClient starts a client whose worker is this test program.
func startClient(t *testing.T, behaviour string, config Config) *Client {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	config.Path, config.Args = env, []string{workerEnv + "=" + behaviour, self}
	if config.Backoff == 0 {
		config.Backoff = time.Millisecond
	}
	client := NewClient(config)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// until waits for a state; it polls, since Status is what a gate polls too.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

func up(t *testing.T, c *Client) {
	t.Helper()
	until(t, "worker up", func() bool { return c.Status().State == StateUp })
}

func TestClientReads(t *testing.T) {
	t.Parallel()
	client := startClient(t, "serve", Config{})
	picture := smallJPEG(t)
	// A vehicle that comes while the worker starts waits for it: its plate is
	// not simply unread.
	got, err := client.Read(t.Context(), picture, "vn")
	if err != nil || got.Plate != "30A12345" || got.Box[2] != len(picture) {
		t.Fatalf("Read = %+v, %v", got, err)
	}
	if _, err := client.Read(t.Context(), picture, "refuse"); parking.ErrorMessage(err) != "This picture cannot be decoded." {
		t.Errorf("the worker's refusal came as %v", err)
	}
	if _, err := client.Read(t.Context(), []byte("no picture"), "vn"); parking.ErrorCode(err) != parking.Invalid {
		t.Errorf("what is no picture: %v", err)
	}
	if _, err := client.Read(t.Context(), picture, "vn"); err != nil {
		t.Errorf("after refusals: %v", err)
	}
}

func TestClientRestartsADeadWorker(t *testing.T) {
	t.Parallel()
	client := startClient(t, "serve", Config{})
	up(t, client)
	first, err := client.Read(t.Context(), smallJPEG(t), "vn")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(t.Context(), smallJPEG(t), "die"); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("the picture over which it died: %v", err)
	}
	until(t, "a second worker", func() bool { s := client.Status(); return s.State == StateUp && s.Restarts == 1 })
	second, err := client.Read(t.Context(), smallJPEG(t), "vn")
	if err != nil || second.Box[0] == first.Box[0] {
		t.Fatalf("after the restart: %+v, %v (before: pid %d)", second, err, first.Box[0])
	}
}

func TestClientKillsAHangingWorker(t *testing.T) {
	t.Parallel()
	client := startClient(t, "serve", Config{ReadTimeout: 50 * time.Millisecond})
	up(t, client)
	if _, err := client.Read(t.Context(), smallJPEG(t), "hang"); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("a hanging worker: %v", err)
	}
	until(t, "a second worker", func() bool { s := client.Status(); return s.State == StateUp && s.Restarts == 1 })
}

// A worker that is killed while nobody asks is noticed and started again.
func TestClientRestartsAKilledWorker(t *testing.T) {
	t.Parallel()
	client := startClient(t, "serve", Config{})
	up(t, client)
	if err := syscall.Kill(client.Status().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "a second worker", func() bool { s := client.Status(); return s.State == StateUp && s.Restarts == 1 })
	if got, err := client.Read(t.Context(), smallJPEG(t), "vn"); err != nil || got.Plate != "30A12345" {
		t.Errorf("after the restart: %+v, %v", got, err)
	}
}

// A worker that stands still (not one that is slow: the whole process is
// stopped) does not take its input; the picture must not wait for ever.
func TestClientKillsAStoppedWorker(t *testing.T) {
	t.Parallel()
	client := startClient(t, "serve", Config{ReadTimeout: 100 * time.Millisecond})
	up(t, client)
	if err := syscall.Kill(client.Status().PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	large := append(smallJPEG(t), make([]byte, 1<<20)...) // more than a pipe holds
	if _, err := client.Read(t.Context(), large, "vn"); parking.ErrorCode(err) != parking.Unavailable {
		t.Fatalf("a stopped worker: %v", err)
	}
	until(t, "a second worker", func() bool { s := client.Status(); return s.State == StateUp && s.Restarts >= 1 })
}

// What a worker answers is not believed: garbage ends it, with a reason, and
// another one is started.
func TestClientEndsAWorkerThatBabbles(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"babble", "flood", "odd"} {
		client := startClient(t, how, Config{Backoff: time.Minute})
		up(t, client)
		if _, err := client.Read(t.Context(), smallJPEG(t), "vn"); parking.ErrorCode(err) != parking.Unavailable {
			t.Errorf("%s: %v", how, err)
		}
		until(t, how+" down", func() bool { return client.Status().State == StateDown })
		if got := client.Status().Reason; got != "The vision worker was stopped: it sent what is no reply." {
			t.Errorf("%s: the reason is %q", how, got)
		}
	}
}

func TestClientRefusesAnotherVersion(t *testing.T) {
	t.Parallel()
	client := startClient(t, "version", Config{Backoff: time.Minute})
	until(t, "down", func() bool { return client.Status().State == StateDown })
	if got := client.Status().Reason; !strings.Contains(got, "another version") {
		t.Errorf("the reason is %q", got)
	}
}

// A caller that gives up leaves a worker that still works on its picture; the
// late answer must not be taken for that of the next caller.
func TestClientDropsALateAnswer(t *testing.T) {
	t.Parallel()
	client := startClient(t, "serve", Config{})
	up(t, client)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		_, _ = client.Read(ctx, smallJPEG(t), "refuse") // answered or given up, whichever comes first
		if got, err := client.Read(t.Context(), smallJPEG(t), "vn"); err != nil || got.Plate != "30A12345" {
			t.Fatalf("the next caller got %+v, %v", got, err)
		}
	}
}

func TestClientWithoutAWorker(t *testing.T) {
	t.Parallel()
	none := NewClient(Config{})
	missing := NewClient(Config{Path: "/nonexistent/vision"})
	for name, client := range map[string]*Client{"none": none, "missing": missing, "garbage": startClient(t, "garbage", Config{})} {
		until(t, name+" down", func() bool { return client.Status().State == StateDown })
		if _, err := client.Read(t.Context(), smallJPEG(t), "vn"); parking.ErrorCode(err) != parking.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		if client.Status().Reason == "" {
			t.Errorf("%s: down without a reason", name)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A worker that dies at once is started a few times, then no more within the
// minute.
func TestClientBoundsRestarts(t *testing.T) {
	t.Parallel()
	client := startClient(t, "mute", Config{MaxStarts: 3})
	until(t, "two restarts", func() bool { return client.Status().Restarts == 2 })
	began := time.Unix(1000, 0)
	starts := []time.Time{began, began.Add(time.Second), began.Add(2 * time.Second)}
	if got := pauseBeforeStart(starts, began.Add(3*time.Second), time.Millisecond, 3); got != 57*time.Second {
		t.Errorf("after three starts in three seconds the pause is %v, want 57 s", got)
	}
	if got := pauseBeforeStart(starts, began.Add(2*time.Minute), time.Second, 3); got < time.Second || got > 2*time.Second {
		t.Errorf("a minute later the pause is %v, want the backoff with its jitter", got)
	}
}

// Close returns when the worker is gone.
func TestCloseEndsTheWorker(t *testing.T) {
	t.Parallel()
	client := startClient(t, "serve", Config{})
	up(t, client)
	got, err := client.Read(t.Context(), smallJPEG(t), "vn")
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(got.Box[0])); !os.IsNotExist(err) {
		t.Errorf("worker %d is still there after Close: %v", got.Box[0], err)
	}
}
