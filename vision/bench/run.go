package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"gatehouse/vision"
)

// Engine is one way of reading plates: a running worker.
type Engine struct {
	Name   string
	Note   string // what it is: versions, licence
	Client *vision.Client
}

// Result is one engine's on all folders, in their order.
type Result struct {
	Name, Note string
	Folders    []Figures
	PeakMB     float64 // largest resident memory of its process; 0 where that is not known
	Restarts   int     // how often its process died
}

// Report is a whole run.
type Report struct {
	Folders []Folder
	Results []Result
	Odd     bool // only pictures whose SHA-256 is odd
}

// warmUps is how often each engine reads the first picture before it counts:
// weights are loaded and memory taken at the first.
const warmUps = 2

// Run has every engine read every picture. tell is told how far it is; nil for
// nobody. The error is the context's, or a picture that cannot be opened; an
// engine that fails has it counted.
func Run(ctx context.Context, folders []Folder, engines []Engine, tell func(done, all int)) (Report, error) {
	report := Report{Folders: folders, Results: make([]Result, len(engines))}
	all, done := 0, 0
	for _, f := range folders {
		all += len(f.Pictures)
	}
	for i, e := range engines {
		report.Results[i] = Result{Name: e.Name, Note: e.Note, Folders: make([]Figures, len(folders))}
		if len(folders) > 0 && len(folders[0].Pictures) > 0 {
			data, err := folders[0].read(folders[0].Pictures[0])
			if err != nil {
				return report, err
			}
			for range warmUps {
				_, _ = e.Client.Read(ctx, data, folders[0].Country) // it counts later
			}
		}
	}
	for k := range folders {
		f := &folders[k]
		for _, p := range f.Pictures {
			data, err := f.read(p)
			if err != nil {
				return report, err
			}
			for i, e := range engines {
				began := time.Now()
				got, err := e.Client.Read(ctx, data, f.Country)
				took := time.Since(began)
				if ctx.Err() != nil {
					return report, fmt.Errorf("measure: %w", ctx.Err())
				}
				r := &report.Results[i]
				r.Folders[k].count(p, f.Loose, got, err, took)
				r.PeakMB = max(r.PeakMB, peakMB(e.Client.Status().PID))
			}
			done++
			if tell != nil {
				tell(done, all)
			}
		}
	}
	for i, e := range engines {
		report.Results[i].Restarts = e.Client.Status().Restarts
	}
	return report, nil
}

// peakMB is the largest resident memory that a process has had, 0 where Linux
// does not tell.
func peakMB(pid int) float64 {
	status, err := os.Open("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	defer func() { _ = status.Close() }() // only read
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 64)
			if err != nil {
				return 0
			}
			return kb / 1024
		}
	}
	return 0
}
