package uplink

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"gatehouse/gate/store"
	"gatehouse/internal/wire"
	"gatehouse/parking"
)

// enrolWait bounds an enrolment: somebody stands beside it.
const enrolWait = 15 * time.Second

// Enrol makes a key for this gate and has the cloud take it in exchange for a
// one-time code. The identity is saved in the store only when the cloud has
// said yes. The error is a sentence.
func Enrol(ctx context.Context, st *store.Store, cloud, code, version string) (store.Identity, error) {
	base, err := cloudURL(cloud)
	if err != nil {
		return store.Identity{}, err
	}
	if code == "" {
		return store.Identity{}, parking.Errorf(parking.Invalid, "The one-time code is missing. An administrator makes one on the page Gates.")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return store.Identity{}, fmt.Errorf("make a key: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, enrolWait)
	defer cancel()
	client := newHTTP(enrolWait, time.Now, nil)
	defer client.CloseIdleConnections()
	var answer wire.EnrolAnswer
	err = do(ctx, client, base.String(), call{method: http.MethodPost, path: pathEnrol, body: wire.EnrolRequest{
		Code: code, PublicKey: public, Machine: store.Machine(), Version: version,
	}}, &answer)
	if err != nil {
		return store.Identity{}, refusalWords(err)
	}
	if answer.Site == uuid.Nil || answer.Gate == "" {
		return store.Identity{}, parking.Errorf(parking.Unavailable, "What answers at %s is not our cloud.", base)
	}
	id := store.Identity{
		Tenant: answer.Tenant, Site: answer.Site, Gate: answer.Gate, CloudURL: base.String(), PublicKey: public, PrivateKey: private,
	}
	if old, err := st.Identity(); err == nil && (old.Site != id.Site || old.Gate != id.Gate) {
		// Its records must not be signed as another gate's.
		return store.Identity{}, parking.Errorf(parking.Conflict,
			"The folder %s holds the records of gate %s, and this code is for gate %s. Enrol with another data folder and a new code.", st.Dir(), old.Gate, id.Gate)
	}
	if err := st.SaveIdentity(id); err != nil {
		return store.Identity{}, err
	}
	return id, nil
}

// refusalWords makes a parking.Error of any failure of a call.
func refusalWords(err error) error {
	if parking.ErrorCode(err) != parking.Internal {
		return err
	}
	_, why := causeOf(err)
	return fmt.Errorf("%w (%w)", parking.Errorf(parking.Unavailable, "%s", why), err)
}
