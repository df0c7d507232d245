package vision

import (
	"os/exec"
	"syscall"
)

// dieWithParent lets the kernel kill the worker when the gate dies, however it
// dies, and keeps the terminal's Ctrl-C from the worker: the gate ends it.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
