package words

// pagesReceipts are the texts of receipts on pages and in files, and of the
// page of settings.
var pagesReceipts = area{
	"stay.receipts":         {"Biên nhận", "Receipts"},
	"stay.receipt_number":   {"Số", "Number"},
	"stay.receipt_gate":     {"cổng %s", "gate %s"},
	"stay.receipt_refunded": {"đã hoàn %s", "%s given back"},
	"revenue.invoices":      {"Hoá đơn CSV", "Invoices CSV"},
	"revenue.invoices_json": {"Hoá đơn JSON", "Invoices JSON"},

	"report.receipt.issued":   {"Cấp lúc %s tại cổng %s, người cấp %s", "Issued at %s at gate %s by %s"},
	"report.receipt.fee":      {"Phí gửi xe", "Parking fee"},
	"report.receipt.paid":     {"Đã thu (%s)", "Paid (%s)"},
	"report.receipt.tax":      {"Trong đó thuế GTGT %d%%", "VAT %d%% included"},
	"report.receipt.refunded": {"Đã hoàn lại", "Given back"},
	"report.receipt.more":     {"… và %d dòng nữa", "… and %d more lines"},
	"report.receipt.copy":     {"Bản in từ sổ của bãi, lập bởi %s lúc %s", "Printed from the site's books by %s at %s"},
	"report.receipt.payment":  {"Khoản thu %s, lượt gửi %s", "Payment %s, stay %s"},

	"page.settings":          {"Cài đặt biên nhận", "Receipt settings"},
	"settings.intro":         {"Những dòng này được in trên biên nhận của mọi cổng. Tài khoản ngân hàng là nơi nhận tiền của mã VietQR.", "These lines are printed on the receipts of every gate. The bank account is where VietQR money goes."},
	"settings.operator":      {"Tên đơn vị thu tiền", "Operator's name"},
	"settings.address":       {"Địa chỉ", "Address"},
	"settings.tax_code":      {"Mã số thuế", "Tax code"},
	"settings.tax_percent":   {"Thuế GTGT đã gồm trong phí (%)", "VAT contained in the fee (%)"},
	"settings.note":          {"Lời nhắn cuối biên nhận", "Note at the foot"},
	"settings.bank_bin":      {"Mã ngân hàng (BIN, 6 chữ số)", "Bank (BIN, 6 digits)"},
	"settings.bank_account":  {"Số tài khoản", "Account number"},
	"settings.save":          {"Lưu", "Save"},
	"settings.done":          {"Đã lưu. Các cổng nhận được ngay khi có mạng.", "Saved. The gates have it as soon as they are online."},
	"settings.audited":       {"Mọi thay đổi đều vào nhật ký kiểm toán, cùng tên người sửa.", "Every change goes into the audit log with the name of who made it."},
	"fact.receipt_issued_as": {"Cấp biên nhận %s: %s", "Receipt %s issued: %s"},
}
