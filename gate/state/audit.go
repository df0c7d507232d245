package state

import (
	"context"

	"gatehouse/gate/store/gatesql"
	"gatehouse/internal/wire"
)

// settingAuditHead is the newest head of the cloud's audit log that this gate
// was told, "COUNT:HASH".
const settingAuditHead = "audit_head"

// KeepAuditHead keeps the head of the cloud's audit log when it is the newest
// that was told, and never an older one: it is the witness against a log that
// was cut short. shorter says that the cloud's is shorter than what it told
// before.
func (s *State) KeepAuditHead(ctx context.Context, head wire.AuditHead) (shorter bool, err error) {
	if head.Count == 0 {
		return false, nil // a cloud that does not tell it
	}
	kept, err := s.AuditHead(ctx)
	if err != nil || head.Count <= kept.Count {
		return head.Count < kept.Count, err
	}
	return false, s.store.Tx(ctx, func(q *gatesql.Queries) error {
		return q.SetSetting(ctx, gatesql.SetSettingParams{Name: settingAuditHead, Value: head.String()})
	})
}

// AuditHead is the newest head of the cloud's audit log that is kept, zero for
// none.
func (s *State) AuditHead(ctx context.Context) (wire.AuditHead, error) {
	text, err := s.store.Setting(ctx, settingAuditHead)
	if err != nil || text == "" {
		return wire.AuditHead{}, err
	}
	return wire.ParseAuditHead(text)
}
