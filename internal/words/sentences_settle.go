package words

// settleSentences are what the cloud says about decisions on conflicts.
var settleSentences = map[string]string{
	"Something new has come about this conflict since you looked at it. Nothing was decided. Look again.": "Có sự kiện mới về mâu thuẫn này từ lúc bạn xem. Chưa có gì được quyết định. Hãy xem lại.",
	"The reason is too long; a sentence is enough.":                                                       "Lý do quá dài; một câu là đủ.",
	"Give a reason, of a sentence.":                                                                       "Hãy ghi lý do, một câu là đủ.",
	"The entry of this stay has not come yet; there is nothing to change. Wait for it, or accept.":        "Lượt vào chưa về đến máy chủ nên chưa có gì để đổi. Hãy đợi, hoặc chấp nhận.",
	"Choose one of the stays of this conflict.":                                                           "Hãy chọn một trong các lượt gửi của mâu thuẫn này.",
	"The older stay is not inside any more: it has an exit of its own. Correct a plate, or accept.":       "Lượt cũ không còn trong bãi: nó đã có lần ra. Hãy sửa biển số, hoặc chấp nhận.",
	"This is the plate that the stay has already.":                                                        "Lượt gửi đang mang đúng biển này rồi.",
	"Choose a card or ticket of one of the stays of this conflict.":                                       "Hãy chọn một thẻ hay vé của các lượt gửi này.",
	"Choose the stay to which this exit belongs.":                                                         "Hãy chọn lượt vào của lần ra này.",
	"That stay is not inside any more. Choose another, or keep the exit as it is.":                        "Lượt đó không còn trong bãi. Hãy chọn lượt khác, hoặc giữ lần ra như vậy.",
	"That stay came in after this exit.":                                                                  "Lượt đó vào sau lần ra này.",
	"Nothing is left of this payment to give back.":                                                       "Khoản thu này đã hoàn hết.",
	"Choose the payment of which money was given back.":                                                   "Hãy chọn khoản thu đã hoàn.",
	"This vehicle has a place of its own by now. Accept instead.":                                         "Xe này đã có chỗ riêng. Hãy chấp nhận.",
	"This vehicle is not inside any more; it needs no place. Accept instead.":                             "Xe không còn trong bãi nên không cần chỗ. Hãy chấp nhận.",
	"Name the slot in which the vehicle stands, or a zone that has no slots.":                             "Hãy ghi chỗ xe đang đỗ, hoặc một khu không đánh số.",
	"Something in this form is missing.":                                                                  "Biểu mẫu còn thiếu chỗ chưa chọn.",
	"Give a reason.":                                                                                      "Hãy ghi lý do.",
	"This notice is of no money that came in; set it aside instead.":                                      "Báo này không phải tiền đến; hãy gạt ra.",
	"Name the stay: the plate of a vehicle inside, or the number in the address of the stay's page.":      "Hãy ghi lượt gửi: biển số xe đang gửi, hoặc mã trong địa chỉ trang lượt gửi.",
	"Type the amount in digits.":                                                                          "Hãy gõ số tiền bằng chữ số.",
	"The plate holds a line break, a tab or another control character. Type it with letters and digits.":  "Biển số có ký tự lạ. Hãy gõ bằng chữ và số.",
}

// settleValues are those with values in them.
var settleValues = [][2]string{
	{"This conflict is {} already. Nothing was changed.", "Mâu thuẫn này đã khép ({}). Chưa có gì bị thay đổi."},
	{"This notice is {} already. Nothing was changed.", "Khoản này đã được quyết định rồi ({}). Chưa có gì bị thay đổi."},
	{"{} vehicles inside have the plate {}. Open the stay that is meant and give the number in its address.", "Có {1} xe đang gửi mang biển {2}. Hãy mở đúng lượt gửi và ghi mã trong địa chỉ của nó."},
	{"A conflict of kind {} cannot be settled by {}.", "Mâu thuẫn loại {1} không xử lý bằng cách {2}."},
	{"This conflict is about more than {} records; one decision cannot name them all.", "Mâu thuẫn này có hơn {} sự kiện; một quyết định không nêu hết được."},
	{"{} is occupied. Choose a free slot.", "{} đang có xe. Hãy chọn chỗ trống."},
	{"{} is out of service. Choose another slot.", "{} đang ngừng dùng. Hãy chọn chỗ khác."},
	{"Gate {} holds {} just now. Choose another slot, or try again in half a minute.", "Cổng {1} đang giữ {2}. Hãy chọn chỗ khác, hoặc thử lại sau nửa phút."},
	{"The other vehicle does not stand in {} any more. Place this one there instead.", "Xe kia không còn đứng ở {}. Hãy xếp xe này vào đó."},
	{"Say where the vehicle stands that gives up {}.", "Hãy ghi chỗ của xe nhường {}."},
	{"Give back more than nothing and at most {}.", "Số tiền hoàn phải lớn hơn 0 và nhiều nhất là {}."},
	{"{} cannot be the code of a slot: use 1 to 32 letters, digits, - and _.", "{} không thể là mã chỗ: dùng 1 đến 32 chữ, số, - và _."},
}
