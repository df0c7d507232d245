package words

// consoleDiscount are the console's texts about discounts.
var consoleDiscount = area{
	"console.help.discount":    {"giảm giá cho xe ra", "give a discount at an exit"},
	"console.title.discount":   {"Giảm giá · %s", "Discount · %s"},
	"console.field.discount":   {"Mã", "Code"},
	"console.enter.discount":   {"ghi giảm giá", "give it"},
	"console.discount.none":    {"Để trống rồi Enter: bỏ giảm giá.", "Empty and Enter: no discount."},
	"console.discount.list":    {"Được dùng: %s", "You may give: %s"},
	"console.discount.takes":   {"%s giảm %s.", "%s takes off %s."},
	"console.discount.written": {"Tên bạn và mã này nằm trên phí của lượt.", "Your name and this code stand with the fee."},
	"console.discount.unknown": {"Không có mã này trong danh sách của bạn.", "This code is not in your list."},
	"console.why.no_discount":  {"Không có mã giảm giá nào bạn được dùng", "there is no discount that you may give"},
}

// discountSentences are what gate and cloud say about discounts and spot checks.
var discountSentences = map[string]string{
	"Say whether the pictures fit: right, wrong or unclear.":  "Hãy trả lời: đúng, sai hay không rõ.",
	"A guard may give a discount to 0 to 10,000 stays a day.": "Mỗi bảo vệ được giảm từ 0 đến 10.000 lượt một ngày.",
}

// discountValues are those with values in them.
var discountValues = [][2]string{
	{"The tariff of this stay has no discount {}.", "Bảng giá của lượt này không có mã giảm {}."},
	{"Only an administrator may give the discount {}.", "Chỉ quản trị viên được dùng mã giảm {}."},
	{"You have given {} discounts today, as many as one guard may. Ask an administrator.", "Hôm nay bạn đã giảm {} lượt, hết mức một người được giảm. Hãy hỏi quản trị viên."},
}
