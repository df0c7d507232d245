package words

// consoleTakeBack holds the texts of the key that takes the last act back.
var consoleTakeBack = area{
	"console.help.take_back":  {"rút lại việc vừa làm", "take back the last act"},
	"console.why.nothing":     {"Không có gì để rút lại.", "Nothing to take back."},
	"console.said.taken_back": {"✓ đã rút lại: %s", "✓ taken back: %s"},

	"console.taken.in":       {"VÀO %s", "IN %s"},
	"console.taken.out":      {"RA %s", "OUT %s"},
	"console.taken.plate":    {"biển số %s", "plate %s"},
	"console.taken.class":    {"loại xe của %s", "class of %s"},
	"console.taken.place":    {"chỗ của %s", "place of %s"},
	"console.taken.discount": {"giảm giá cho %s", "discount of %s"},
	"console.taken.turn":     {"đổi chiều làn %s", "turning lane %s"},
}

// takeBackSentences are why an act cannot be taken back, and the reason in facts
// that take one back.
var takeBackSentences = map[string]string{
	"Taken back within a minute.":                                                 "Rút lại trong vòng một phút.",
	"There is nothing to take back.":                                              "Không có việc gì để rút lại.",
	"Your last act was more than a minute ago; it stands.":                        "Việc vừa làm đã quá một phút; không rút lại được nữa.",
	"The act before is still being written. Press again.":                         "Đang ghi việc trước. Hãy nhấn lại.",
	"Your last act has written nothing down; there is nothing to take back.":      "Việc vừa làm chưa ghi gì vào sổ; không có gì để rút lại.",
	"A barrier that was opened cannot be taken back.":                             "Barie đã mở thì không rút lại được.",
	"A card that was shown cannot be taken back.":                                 "Thẻ đã quẹt thì không rút lại được.",
	"Money that was taken cannot be taken back; a refund gives it back.":          "Tiền đã thu thì không rút lại được; hãy làm hoàn tiền.",
	"A code that was shown may be paid already; it cannot be taken back.":         "Mã đã hiện có thể khách đã trả; không rút lại được.",
	"A refund cannot be taken back.":                                              "Hoàn tiền rồi thì không rút lại được.",
	"What was written of a shift cannot be taken back.":                           "Việc mở ca, giao ca không rút lại được.",
	"A receipt has its number, and cannot be taken back.":                         "Biên nhận đã có số, không rút lại được.",
	"That a vehicle backed out stands; let it through anew.":                      "Đã ghi xe lùi ra; hãy cho xe qua lại từ đầu.",
	"A stay that was voided stays so; let the vehicle in anew.":                   "Lượt đã huỷ thì không khôi phục; hãy cho xe vào lại.",
	"That a card or ticket is lost stands.":                                       "Đã ghi mất thẻ, mất vé; không rút lại được.",
	"What was entered from paper cannot be taken back; void the stay if need be.": "Vé giấy đã nhập không rút lại được; nếu cần thì huỷ lượt.",
	"An inventory cannot be taken back; it can be done anew.":                     "Kiểm kê không rút lại được; có thể làm lại.",
	"The time that was typed cannot be taken back.":                               "Giờ đã gõ không rút lại được.",
	"Something else has happened to it since; it cannot be taken back.":           "Sau đó đã có việc khác; không rút lại được nữa.",
}

// takeBackValues are those with values in them.
var takeBackValues = [][2]string{
	{"{} has acted there since; it cannot be taken back.", "{} đã làm việc khác ở đó; không rút lại được nữa."},
	{"Money was taken for {} since; it cannot be taken back.", "Đã thu tiền của {} sau đó; không rút lại được nữa."},
	{"{} was seen to drive in. Find it and void its stay if need be.", "{} đã chạy vào bãi. Nếu cần, tìm xe rồi huỷ lượt."},
	{"{} has gone; its exit stands. A refund gives money back.", "{} đã đi; lượt ra giữ nguyên. Trả lại tiền bằng hoàn tiền."},
	{"{} has gone; its exit stands.", "{} đã đi; lượt ra giữ nguyên."},
}
