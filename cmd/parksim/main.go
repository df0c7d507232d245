// Command parksim starts a whole site on one machine: servers, cloud, gate
// and drivers. `./task run` and `./task test` are calls of it.
package main

import (
	"os"

	"gatehouse/internal/demo"
)

func main() {
	os.Exit(demo.Main(os.Args[1:]))
}
