// Package setup is a gate's first start: it asks for what a gate must know,
// tries the cloud, the cameras and the printers, says in a sentence what fails,
// and writes the configuration (gate.yaml in the data folder), which gate run
// takes by itself. Run again it shows what is there, and changes what is asked.
package setup
