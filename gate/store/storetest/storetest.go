// Package storetest has what tests of a gate's data folder share.
package storetest

// Roomy is a disk of 1 TiB that is empty (store.Options.Disk), so that a test
// says the same on a developer's full disk as on an empty one.
func Roomy(string) (free, size int64, err error) {
	const all = 1 << 40
	return all, all, nil
}
