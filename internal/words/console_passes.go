package words

// consolePasses are the console's texts about passes, cards and the block list.
var consolePasses = area{
	"console.row.pass": {"Vé tháng", "Pass"},

	"console.pass.days":      {"còn %d ngày", "%d days left"},
	"console.pass.today":     {"hôm nay là ngày cuối", "today is its last day"},
	"console.pass.ended":     {"đã hết hạn", "ended"},
	"console.pass.ended_on":  {"hết hạn ngày %s", "ended on %s"},
	"console.pass.from":      {"từ ngày %s mới có hiệu lực", "holds from %s on"},
	"console.pass.no_place":  {"hết chỗ (%d/%d)", "no place left (%d/%d)"},
	"console.pass.suspended": {"đang bị tạm dừng", "suspended"},
	"console.pass.other_use": {"không cho loại xe hay khu này", "not for this class or zone"},
	"console.pass.other_car": {"không còn cho xe này", "not for this vehicle"},
	"console.pass.unknown":   {"cổng này chưa biết vé", "not known at this gate"},

	"console.care.blocked":      {"DANH SÁCH CẤM: %s", "BLOCK LIST: %s"},
	"console.care.note":         {"Ghi chú: %s", "Note: %s"},
	"console.care.card_blocked": {"Thẻ này đã bị khoá", "This card is blocked"},
	"console.care.card_lost":    {"Thẻ này đã báo mất", "This card was said to be lost"},
	"console.care.card_unknown": {"Thẻ này không có trong danh sách của bãi", "This card is not in the site's list"},
	"console.care.word":         {"Cho qua vì: %s", "Let through because: %s"},

	"console.do.allow":      {"Cho qua, ghi lý do…", "Let through, with a reason…"},
	"console.why.allow":     {"phải ghi lý do cho qua trước", "a reason to let it through comes first"},
	"console.title.allow":   {"Cho xe qua, %s", "Let the vehicle through, %s"},
	"console.enter.allow":   {"ghi lý do", "give the reason"},
	"console.said.allow":    {"đã ghi lý do; bấm phím lần nữa để mở", "reason given; press again to open"},
	"console.allow.note":    {"Lý do được ghi lại và báo cho quản trị.", "The reason is kept, and an administrator is told."},
	"console.reasons.allow": {"Quản trị đồng ý|Đã trả nợ|Đã kiểm tra giấy tờ", "The administrator agrees|The debt is paid|Papers were checked"},
}

// passSentences are what a gate says of passes, cards and the block list.
var passSentences = map[string]string{
	"This card is not in the site's list. Take another card, or give a reason.": "Thẻ này không có trong danh sách của bãi. Đổi thẻ khác, hoặc ghi lý do.",
	"Nothing is against this vehicle; let it through.":                          "Xe này không vướng gì; cứ cho qua.",
	"This vehicle was let through already.":                                     "Xe này đã được cho qua.",
}

// passValues are those with values in them.
var passValues = [][2]string{
	{"{} is on the block list: {}. Give a reason to let it through.", "{1} nằm trong danh sách cấm: {2}. Hãy ghi lý do để cho qua."},
	{"This card is {} by the site's list. Take another card, or give a reason.", "Thẻ này đã bị khoá hoặc báo mất ({}). Đổi thẻ khác, hoặc ghi lý do."},
}
