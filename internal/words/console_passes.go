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
var passSentences = map[string]string{ //nolint:gosec // passes of a car park
	"This card is not in the site's list. Take another card, or give a reason.":                                 "Thẻ này không có trong danh sách của bãi. Đổi thẻ khác, hoặc ghi lý do.",
	"Nothing is against this vehicle; let it through.":                                                          "Xe này không vướng gì; cứ cho qua.",
	"The number of places is written in digits.":                                                                "Số chỗ ghi bằng chữ số.",
	"The last day of the pass lies before its first.":                                                           "Ngày cuối của vé nằm trước ngày đầu.",
	"A day is written 2027-01-31.":                                                                              "Ngày ghi như 2027-01-31.",
	"Somebody has changed this pass since you looked at it. Nothing was written. Look again.":                   "Có người vừa sửa vé này từ lúc bạn xem. Chưa ghi gì. Hãy xem lại.",
	"Choose the vehicle that the other takes the place of.":                                                     "Hãy chọn xe thôi dùng.",
	"Say in the note why the vehicle is blocked: the guard reads it at the barrier.":                            "Hãy ghi chú vì sao cấm xe: bảo vệ đọc ghi chú ở barie.",
	"The number of a card has 1 to 64 letters and digits, as its reader gives it.":                              "Số thẻ có 1 đến 64 chữ và số, đúng như đầu đọc cho ra.",
	"The column blocked says yes or no.":                                                                        "Cột blocked ghi yes hoặc no.",
	"Choose a file.":                                                                                            "Hãy chọn tệp.",
	"The file is too large. Split it.":                                                                          "Tệp quá lớn. Hãy tách ra.",
	"The file broke off before its end.":                                                                        "Tệp bị đứt giữa chừng.",
	"The file is not text in UTF-8. Save it as CSV, UTF-8.":                                                     "Tệp không phải chữ UTF-8. Hãy lưu thành CSV, UTF-8.",
	"A cell is longer than anything that belongs here.":                                                         "Một ô dài hơn mức có thể.",
	"From here on the file cannot be read as CSV: a quotation mark is not closed, or stands where none may be.": "Từ đây tệp không đọc được như CSV: dấu ngoặc kép không đóng, hoặc nằm sai chỗ.",
	"This vehicle was let through already.":                                                                     "Xe này đã được cho qua.",
}

// passValues are those with values in them.
var passValues = [][2]string{
	{"A pass has at least one place, and no more than it has vehicles ({}).", "Vé có ít nhất một chỗ, và không quá số xe của vé ({})."},
	{"A pass names the plates of 1 to {} vehicles.", "Vé ghi biển số của 1 đến {} xe."},
	{"This site has no zone {}.", "Bãi này không có khu {}."},
	{"This site has no pass {}.", "Bãi này không có vé {}."},
	{"{} cannot be the code of a pass: use 1 to 32 letters, digits, - and _.", "{} không thể là mã vé: dùng 1 đến 32 chữ, số, - và _."},
	{"There is a pass {} already. Open it to change it, or choose another code.", "Đã có vé {} rồi. Mở vé đó để sửa, hoặc chọn mã khác."},
	{"Card {} is here already, and {}. Change it by hand.", "Thẻ {1} đã có ({2}). Hãy sửa bằng tay."},
	{"Card {} stands in the file twice.", "Thẻ {} có hai lần trong tệp."},
	{"Pass {} stands in the file twice.", "Vé {} có hai lần trong tệp."},
	{"The plate {} stands in the file twice.", "Biển {} có hai lần trong tệp."},
	{"A card is one of {}.", "Thẻ là một trong: {}."},
	{"There are {} cells, not {} as in the first line.", "Có {1} ô, không phải {2} như dòng đầu."},
	{"The column {} is missing in the first line.", "Dòng đầu thiếu cột {}."},
	{"The first line names the columns, each once: {}; and if you like {}. {} is none of them.", "Dòng đầu là tên cột, mỗi cột một lần: {1}; nếu có thì {2}. {3} không phải tên cột."},
	{"The file has no first line with the names of its columns: {}.", "Tệp không có dòng đầu ghi tên cột: {}."},
	{"The file has more than {} bytes. Split it.", "Tệp lớn hơn {} byte. Hãy tách ra."},
	{"The file has more than {} rows. Split it.", "Tệp có hơn {} dòng. Hãy tách ra."},
	{"A note has at most {} letters, in one line.", "Ghi chú có nhiều nhất {} chữ, trên một dòng."},
	{"A name has at most {} letters, a phone number {} and a note {}, in one line.", "Tên có nhiều nhất {1} chữ, điện thoại {2}, ghi chú {3}, trên một dòng."},
	{"{} is on the block list: {}. Give a reason to let it through.", "{1} nằm trong danh sách cấm: {2}. Hãy ghi lý do để cho qua."},
	{"This card is {} by the site's list. Take another card, or give a reason.", "Thẻ này đã bị khoá hoặc báo mất ({}). Đổi thẻ khác, hoặc ghi lý do."},
}
