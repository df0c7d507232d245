package tariffs_test

import (
	"strings"
	"testing"

	"gatehouse/parking"
	"gatehouse/tariffs"
)

func TestExampleCaps(t *testing.T) {
	t.Parallel()
	caps := tariffs.ExampleCaps()
	if len(caps) != 2 {
		t.Fatalf("%d cities", len(caps))
	}
	hanoi, saigon := caps[0], caps[1]
	if over := hanoi.Over(tariffs.HanoiMotorbike()); len(over) != 0 {
		t.Errorf("the park at Hà Nội's caps is above them: %+v", over)
	}
	over := saigon.Over(tariffs.HanoiMotorbike())
	if len(over) != 2 || !strings.Contains(over[0].En, "₫5,000 is above the ₫4,000") || !strings.Contains(over[1].Vi, "8.000 ₫ cao hơn mức 6.000 ₫") {
		t.Errorf("above the other city's caps: %+v", over)
	}
	apart := tariffs.HanoiMotorbike()
	class := apart.Classes[parking.Motorbike]
	class.Together = nil // 13,000 for both
	apart.Classes[parking.Motorbike] = class
	if over := hanoi.Over(apart); len(over) != 2 || !strings.Contains(over[0].En, "day + night: ₫13,000 is above the ₫12,000") {
		t.Errorf("a pair above its cap: %+v", over)
	}
}
