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

// The engines: ours, ours with a second reader, and those that it is measured
// beside.
const (
	engineOurs      = "ours"
	engineBoth      = "ours+ppocr"
	enginePPOCR     = "ppocr"
	engineTesseract = "tesseract"
)

// secondReader is the flag of the commands that read plates.
type secondReader struct {
	SecondReader string `env:"PARK_VISION_SECOND_READER" type:"path" placeholder:"DIR" help:"Ask PP-OCRv4, too, about plates that are not sure; ./task vision:ppocr fetches it into DIR."`
}

func (s secondReader) open() (engine, error) {
	if s.SecondReader == "" {
		return openEngine(engineOurs, "")
	}
	return openEngine(engineBoth, s.SecondReader)
}

// openEngine starts an engine; folder is where PP-OCRv4 lies.
func openEngine(name, folder string) (engine, error) {
	oneThread()
	switch name {
	case engineOurs:
		return started(pipeline.New(time.Now))
	case engineBoth:
		return started(pipeline.NewWithSecond(folder, time.Now))
	case enginePPOCR:
		return started(pipeline.NewPPOCRAlone(folder, time.Now))
	case engineTesseract:
		return started(pipeline.NewTesseractAlone(time.Now))
	}
	return nil, parking.Errorf(parking.Invalid, "The engine %q is not known; it is %s, %s, %s or %s.",
		name, engineOurs, engineBoth, enginePPOCR, engineTesseract)
}

func started[E engine](e E, err error) (engine, error) {
	if parking.ErrorCode(err) == parking.Unavailable {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("start the plate reader: %w", err)
	}
	return e, nil
}
