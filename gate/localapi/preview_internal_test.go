package localapi

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/parking"
)

// A preview costs what one viewer costs, and nothing when nobody looks.
func TestPreviewsShareOneLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		p := previews{picture: func(context.Context, string) ([]byte, error) {
			taken++
			return []byte{byte(taken)}, nil
		}}
		time.Sleep(time.Minute)
		if taken != 0 {
			t.Fatalf("%d pictures were taken with nobody who looks", taken)
		}
		var leaves []func()
		var viewers []<-chan []byte
		for range maxPreviews {
			pictures, leave, err := p.join("1")
			if err != nil {
				t.Fatal(err)
			}
			leaves, viewers = append(leaves, leave), append(viewers, pictures)
		}
		if _, _, err := p.join("2"); parking.ErrorCode(err) != parking.Unavailable {
			t.Errorf("one viewer too many: %v", err)
		}
		time.Sleep(10*previewInterval - previewInterval/2) // nobody takes a picture meanwhile
		synctest.Wait()
		if taken != 10 {
			t.Errorf("%d viewers took %d pictures in ten intervals", maxPreviews, taken)
		}
		for _, v := range viewers {
			if got := <-v; got[0] != 10 {
				t.Errorf("a slow viewer sees picture %d, not the newest", got[0])
			}
		}
		for _, leave := range leaves {
			leave()
		}
		synctest.Wait()
		before := taken
		time.Sleep(time.Minute)
		if taken != before || len(p.shows) != 0 {
			t.Errorf("%d pictures were taken after the last viewer had left", taken-before)
		}
	})
}
