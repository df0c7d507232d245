// Attendant runs one command and leaves nothing of it behind: it stands
// between ./task and everything that a task starts.
//
// Task and the go command do not pass SIGTERM on, so ending ./task by its pid
// would leave the programs it started. The attendant does for SIGTERM what a
// terminal does for Ctrl-C: every process below it in its own process group
// gets the signal. (Processes in a group of their own, such as a private
// PostgreSQL, are ended in order by whoever started them.) When the command
// has ended, whatever still lives below the attendant is asked to end, and
// killed after a while. Orphans are adopted, so a process that lost its parent
// is found too.
//
// Usage: attendant COMMAND [ARGUMENT…]. Its exit status is the command's, or
// 128 + the signal that ended it. Linux only; standard library only, so that
// it builds in a moment on a machine that has Go and nothing else.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

const (
	// patience is how long strays may take to end before they are killed.
	patience = 20 * time.Second
	// prSetChildSubreaper is PR_SET_CHILD_SUBREAPER of prctl(2): orphans below
	// us become our children.
	prSetChildSubreaper = 36
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: attendant COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	status, err := attend(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "attendant:", err)
		os.Exit(127)
	}
	os.Exit(status)
}

// attend runs the command and returns its exit status.
func attend(argv []string) (int, error) {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return 0, fmt.Errorf("adopt orphans: %w", errno)
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, fmt.Errorf("find the command: %w", err)
	}
	// Signals first: one that comes during the start is not lost.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	// Should we be killed, the kernel kills the command, and parksim below it
	// asked for the same. That signal comes when the thread that started the
	// command ends, so this one is kept.
	runtime.LockOSThread()
	child, err := os.StartProcess(path, argv, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, fmt.Errorf("start the command: %w", err)
	}
	ended := make(chan syscall.WaitStatus, 1)
	allGone := make(chan struct{})
	go reap(child.Pid, ended, allGone)
	for {
		select {
		case sig := <-signals:
			pass(sig.(syscall.Signal)) //nolint:forcetypeassert // on Linux they all are
		case status := <-ended:
			sweepUp(allGone, signals)
			return exitStatus(status), nil
		}
	}
}

// reap collects every child, born or adopted, until there is none.
func reap(command int, ended chan<- syscall.WaitStatus, allGone chan<- struct{}) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR: // an errno, never wrapped
		case err != nil: // ECHILD: nobody is left
			close(allGone)
			return
		case pid == command:
			ended <- status
		}
	}
}

// pass sends a signal to everything below us in our process group. A terminal
// has told the whole group already; twice would count as impatience.
func pass(sig syscall.Signal) {
	if sig == syscall.SIGINT && ourTerminal() {
		return
	}
	group := syscall.Getpgrp()
	for _, p := range below(os.Getpid()) {
		if p.group == group {
			_ = syscall.Kill(p.pid, sig)
		}
	}
}

// sweepUp ends what the command left: first our group and our adopted children,
// who end their own in order; in the end everything.
func sweepUp(allGone <-chan struct{}, signals <-chan os.Signal) {
	self, group := os.Getpid(), syscall.Getpgrp()
	for _, p := range below(self) {
		if p.group == group || p.parent == self {
			_ = syscall.Kill(p.pid, syscall.SIGTERM)
		}
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for impatience := 0; impatience < 2; {
		select {
		case <-allGone:
			return
		case <-signals:
			impatience++
		case <-timer.C:
			impatience = 2
		}
	}
	for left := below(self); len(left) > 0; left = below(self) {
		for _, p := range left {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		select {
		case <-allGone:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func exitStatus(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
