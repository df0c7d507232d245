package state_test

import (
	"strings"
	"testing"

	"gatehouse/gate/store"
	"gatehouse/internal/wire"
)

// The newest head of the cloud's audit log stays with the gate: an older one
// does not replace it and is told of.
func TestTheNewestAuditHeadIsKept(t *testing.T) {
	t.Parallel()
	s := newGate(t, store.Options{})
	hash := func(c string) string { return strings.Repeat(c, 64) }
	for _, step := range []struct {
		told    wire.AuditHead
		shorter bool
		kept    wire.AuditHead
	}{
		{wire.AuditHead{}, false, wire.AuditHead{}},
		{wire.AuditHead{Count: 7, Hash: hash("a")}, false, wire.AuditHead{Count: 7, Hash: hash("a")}},
		{wire.AuditHead{Count: 9, Hash: hash("b")}, false, wire.AuditHead{Count: 9, Hash: hash("b")}},
		{wire.AuditHead{Count: 8, Hash: hash("c")}, true, wire.AuditHead{Count: 9, Hash: hash("b")}},
		{wire.AuditHead{}, false, wire.AuditHead{Count: 9, Hash: hash("b")}},
	} {
		shorter, err := s.KeepAuditHead(t.Context(), step.told)
		if err != nil || shorter != step.shorter {
			t.Errorf("told %v: shorter %v, %v", step.told, shorter, err)
		}
		if kept, err := s.AuditHead(t.Context()); err != nil || kept != step.kept {
			t.Errorf("told %v: kept %v, %v", step.told, kept, err)
		}
	}
}
