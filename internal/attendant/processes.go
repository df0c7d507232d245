package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// process is one line of the process table.
type process struct {
	pid, parent, group int
}

// below lists the living descendants of a process, as the process table shows
// them at this moment.
func below(root int) []process {
	children := map[int][]process{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := readProcess(pid); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	var found []process
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range children[queue[0]] {
			found = append(found, p)
			queue = append(queue, p.pid)
		}
	}
	return found
}

// readProcess reads /proc/PID/stat; not ok for a process that is gone or only
// waits to be reaped.
func readProcess(pid int) (process, bool) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, false
	}
	// "pid (name) state parent group …"; the name may hold anything, even ") ".
	text := string(raw)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 3 || fields[0] == "Z" || fields[0] == "X" {
		return process{}, false
	}
	parent, err1 := strconv.Atoi(fields[1])
	group, err2 := strconv.Atoi(fields[2])
	return process{pid: pid, parent: parent, group: group}, err1 == nil && err2 == nil
}

// ourTerminal reports whether our process group is the one that the terminal's
// keys reach.
func ourTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer func() { _ = tty.Close() }()
	var group int32
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, tty.Fd(), syscall.TIOCGPGRP, uintptr(unsafe.Pointer(&group))) //nolint:gosec // ioctl(2) takes a pointer
	return errno == 0 && int(group) == syscall.Getpgrp()
}
