//go:build matprofile

package pipeline

import "gocv.io/x/gocv"

// openMats is how many native matrices are not closed.
func openMats() int { return gocv.MatProfile.Count() }
