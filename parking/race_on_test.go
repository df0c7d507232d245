//go:build race

package parking_test

const raceDetector = true
