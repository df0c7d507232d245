package main

import (
	"fmt"
	"time"

	"gatehouse/parking"
	"gatehouse/vision"
	"gatehouse/vision/pipeline"
)

// engine is a way of reading plates.
type engine interface {
	Read(picture []byte, country pipeline.Country) (vision.Reading, error)
	Close() error
}

// The engines: ours, and those that it is measured beside.
const (
	engineOurs      = "ours"
	engineTesseract = "tesseract"
)

// openEngine starts an engine.
func openEngine(name string) (engine, error) {
	oneThread()
	switch name {
	case engineOurs:
		return started(pipeline.New(time.Now))
	case engineTesseract:
		return started(pipeline.NewTesseractAlone(time.Now))
	}
	return nil, parking.Errorf(parking.Invalid, "The engine %q is not known; it is %s or %s.", name, engineOurs, engineTesseract)
}

func started[E engine](e E, err error) (engine, error) {
	if err != nil {
		return nil, fmt.Errorf("start the plate reader: %w", err)
	}
	return e, nil
}
