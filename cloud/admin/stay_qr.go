package admin

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"gatehouse/cloud/books"
	"gatehouse/cloud/qrcode"
	"gatehouse/parking"
)

// payable says whether a payment is a transfer that was asked for and may still
// come.
func payable(s books.Stay, p parking.Payment) bool {
	return s.State == parking.Inside && p.Method == parking.QR && p.Status == parking.Pending && p.Reference != ""
}

// asked puts the VietQRs of the stay on its page that may still be paid: for a
// driver who calls, or stands at the office.
func (v *stayView) asked() {
	if v.Site.BankBIN == "" || v.Site.BankAccount == "" {
		return
	}
	for _, p := range v.Stay.Payments {
		if payable(v.Stay, p) {
			v.Asked = append(v.Asked, photoView{
				Src: "/stays/" + v.Stay.ID.String() + "/payments/" + p.ID.String(),
				Alt: v.T("stay.qr_alt"), Caption: v.T("stay.qr", v.Money(p.Amount), p.Reference),
			})
		}
	}
}

// stayQR draws the VietQR of a payment that was asked for.
func (p *Pages) stayQR(w http.ResponseWriter, r *http.Request) {
	f, err := p.siteFrame(r, "stays")
	if err != nil {
		p.fail(w, r, err)
		return
	}
	id, err := uuid.Parse(chi.URLParam(r, "id"))
	payment, err2 := uuid.Parse(chi.URLParam(r, "payment"))
	if err != nil || err2 != nil {
		p.fail(w, r, errNoPage)
		return
	}
	stay, err := p.Books.Stay(r.Context(), f.Site, id)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	at := slices.IndexFunc(stay.Payments, func(q parking.Payment) bool { return q.ID == payment && payable(stay, q) })
	if at < 0 {
		p.fail(w, r, errNoPage)
		return
	}
	asked := stay.Payments[at]
	text, err := parking.VietQR{BIN: f.Site.BankBIN, Account: f.Site.BankAccount, Amount: asked.Amount, Memo: asked.Reference}.Encode()
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "private, no-store")
	if err := qrcode.WritePNG(w, text); err != nil {
		p.Log.WarnContext(r.Context(), "draw a VietQR", "error", err)
	}
}
