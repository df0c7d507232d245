//go:build !linux

package vision

import "os/exec"

// dieWithParent has nothing to do elsewhere: the worker ends when its input
// ends, and that ends with the gate.
func dieWithParent(*exec.Cmd) {}
