package words

// shiftSentences are what a gate says about shifts and refunds.
var shiftSentences = map[string]string{
	"A drawer belongs to a person: name who acts.":                       "Ngăn tiền là của một người: hãy ghi tên người làm.",
	"Nobody begins with that much cash.":                                 "Không ai bắt đầu ca với nhiều tiền mặt như vậy.",
	"This id was used for another refund.":                               "Mã này đã dùng cho một lần hoàn tiền khác.",
	"This payment has not come yet; there is nothing to give back.":      "Khoản này chưa nhận được; không có gì để hoàn.",
	"This payment was given back already.":                               "Khoản này đã hoàn rồi.",
	"This shift is not known at this gate.":                              "Cổng này không biết ca đó.",
	"This shift is open; what is expected is shown once it was counted.": "Ca này còn mở; đếm xong mới hiện số phải có.",
	"This shift was opened before.":                                      "Ca này đã mở trước đó.",
	"This stay has no such payment.":                                     "Lượt gửi này không có khoản tiền đó.",
}

// shiftValues are those with values, each {} in order.
var shiftValues = [][2]string{
	{"{} has a shift open at this gate already. Hand it over first.", "{} đang có ca mở ở cổng này. Hãy bàn giao ca đó trước."},
	{"{} has no shift open at this gate.", "{} không có ca nào mở ở cổng này."},
	{"{} is more than the {} that is left of this payment.", "{1} nhiều hơn {2} còn lại của khoản này."},
	{"Nobody counts {} notes of {}.", "Không ai đếm được {1} tờ {2}."},
	{"Nobody hands over {} cards.", "Không ai bàn giao {} thẻ."},
	{"The notes make {}, the sum counted is {}.", "Các tờ tiền cộng lại là {1}, số đã ghi là {2}."},
	{"The sum {} is not possible.", "Số tiền {} không hợp lệ."},
	{"This shift is {}'s.", "Ca này là của {}."},
}
