package words

// consoleReceipts are the console's texts about receipts and early payments.
var consoleReceipts = area{
	"console.help.receipt":          {"biên nhận xe vừa ra; thu trước của xe vừa vào", "receipt of who has just left; money early of who has just come in"},
	"console.why.no_receipt":        {"Biên nhận là của xe đã vào hoặc đã ra.", "A receipt is for a vehicle that has gone in or out."},
	"console.title.receipt":         {"Biên nhận %s", "Receipt %s"},
	"console.title.receipt_preview": {"Biên nhận, xem trước (chưa có số)", "Receipt, preview (no number yet)"},
	"console.enter.receipt_print":   {"cấp số và in", "give it a number and print"},
	"console.enter.receipt_take":    {"cấp số (cổng này không có máy in)", "give it a number (this gate has no printer)"},
	"console.enter.receipt_again":   {"in bản sao", "print a copy"},
	"console.enter.receipt_done":    {"xong", "done"},
	"console.field.buyer":           {"Người mua", "Buyer"},
	"console.field.tax_code":        {"Mã số thuế", "Tax code"},
	"console.field.address":         {"Địa chỉ", "Address"},
	"console.receipt.printed":       {"✓ đã in", "✓ printed"},
	"console.field.method":          {"Cách trả", "Method"},
	"console.title.early":           {"Thu trước khi ra: %s", "Pay before the exit: %s"},
	"console.enter.early":           {"thu %s", "take %s"},
	"console.early.note":            {"Biên nhận có mã: xe quét mã này ở bất kỳ cổng nào khi ra.", "The receipt has a code: it is scanned at any gate to leave."},
	"console.early.hand":            {"Ngân hàng và giờ chuyển chỉ cần khi xác nhận tay.", "Bank and time are needed only by hand."},
	"console.early.no_method":       {"Chọn cách trả bằng ↑↓.", "Choose the method with ↑↓."},
	"console.early.said":            {"✓ đã thu %s", "✓ %s taken"},
	"console.early.leave_by":        {"ra trước %s", "leave by %s"},
	"console.early.ask":             {"Enter xem tiền đã về chưa", "Enter has the money come?"},
	"console.early.not_yet":         {"Tiền chưa về. Đợi khách chuyển xong rồi nhấn Enter lại.", "The money has not come yet. Press Enter again once it was sent."},
}
