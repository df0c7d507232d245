package words

// pagesTransfers are the texts of the page of what banks told about transfers.
var pagesTransfers = area{
	"page.transfers":         {"Chuyển khoản", "Transfers"},
	"transfers.intro":        {"Những gì ngân hàng báo. Khoản nào khớp với yêu cầu của cổng thì tự vào lượt gửi; khoản không khớp chờ ở đây.", "What banks told. What fits a gate's request goes to its stay by itself; what does not waits here."},
	"transfers.review":       {"Cần xem", "To review"},
	"transfers.settled":      {"Đã vào lượt gửi", "Settled"},
	"transfers.set_aside":    {"Đã gạt ra", "Set aside"},
	"transfers.line":         {"%s · %s %s", "%s · %s %s"},
	"transfers.purpose":      {"Nội dung chuyển khoản", "Purpose"},
	"transfers.stay":         {"Lượt gửi", "Stay"},
	"transfers.decided":      {"%s, %s: %s", "%s, %s: %s"},
	"transfers.credit":       {"Ghi cho một lượt gửi", "Credit to a stay"},
	"transfers.credit_about": {"Số tiền thật sự đã đến được ghi cho lượt gửi này.", "The money that really came is put to this stay."},
	"transfers.which":        {"Biển số xe đang gửi, hoặc mã lượt gửi", "Plate of a vehicle inside, or the stay's number"},
	"transfers.aside":        {"Gạt ra", "Set aside"},
	"transfers.aside_about":  {"Khoản này không thuộc lượt gửi nào. Nó vẫn được giữ.", "This is about no stay. It is kept."},
	"transfers.only_gate":    {"Máy chủ đã được phục hồi từ bản sao lưu; chỉ cổng %s còn biết khoản này. Nhờ bên báo chuyển khoản gửi lại báo để xác nhận.", "The server was restored from a backup, and only gate %s still knows of this. Ask the provider to tell it again, for proof."},
	"transfers.done":         {"Đã ghi quyết định.", "The decision is written."},
	"transfers.none_review":  {"Không có khoản nào cần xem.", "Nothing waits to be reviewed."},
	"transfers.none":         {"Không có khoản nào.", "There is nothing here."},

	"transfers.why.unknown_reference": {"Không có yêu cầu nào mang mã này. Khi yêu cầu đến, khoản này tự vào lượt gửi.", "No request has this reference. When it comes, this goes to its stay by itself."},
	"transfers.why.too_little":        {"Ít hơn số tiền cổng yêu cầu.", "Less than the gate asked for."},
	"transfers.why.too_much":          {"Nhiều hơn số tiền cổng yêu cầu.", "More than the gate asked for."},
	"transfers.why.after_exit":        {"Xe đã ra hoặc lượt gửi đã huỷ, và khoản này chưa được tính.", "The vehicle had left or the stay was voided, and this money was not counted."},
	"transfers.why.reference_twice":   {"Hai yêu cầu mang cùng một mã.", "Two requests have this reference."},
	"transfers.why.wrong_account":     {"Tài khoản nhận không phải của bãi xe nào.", "The account is no site's."},
	"transfers.why.outgoing":          {"Tiền đi ra, hoặc không có tiền đến.", "Money that went out, or none that came."},
	"transfers.why.unreadable":        {"Không đọc được nội dung báo.", "What was told cannot be read."},
}
